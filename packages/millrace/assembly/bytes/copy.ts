/** Copies n bytes from s to d; the ranges may overlap. */
export function copyBytes(d: i32, s: i32, n: i32): void {
  memory.copy(d, s, n);
}
