/** What the command's exit codes mean. */
export const EXIT = {
  /** Everything asked for was done. */
  ok: 0,
  /** The machine said no: a port in use, a full disk, a directory that cannot be written. */
  failure: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** The data is not what it should be: a torn or oversized message, a damaged segment. */
  data: 3,
} as const;

/** An error with one clear line for the user and the exit code it leads to. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'it exists already',
  EFBIG: 'the file would be too large',
  EIO: 'the device reports an error',
  EISDIR: 'it is a directory',
  ENOENT: 'no such file or directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a directory',
  EROFS: 'the file system is read-only',
};

/** One line for an error of the operating system: what was tried, why it failed. */
export function systemError(what: string, error: unknown): CommandError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === undefined ? message : (REASONS[code] ?? message);
  return new CommandError(EXIT.failure, `${what}: ${reason}${code === undefined ? '' : ` (${code})`}`);
}
