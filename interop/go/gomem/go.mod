module millrace/interop/gomem

go 1.23.0

require github.com/langhuihui/gomem v0.0.0-20251013004544-ee5a2a75c165
