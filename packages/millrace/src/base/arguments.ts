/** An argument of the right type with a value that cannot be used. */
export class ArgumentRangeError extends RangeError {
  readonly code = 'ERR_OUT_OF_RANGE' as const;
  readonly actual: unknown;

  constructor(name: string, requirement: string, actual: unknown) {
    super(`${name} must be ${requirement}, got ${String(actual)}`);
    this.name = 'ArgumentRangeError';
    this.actual = actual;
  }
}

/** An argument of the wrong type. */
export class ArgumentTypeError extends TypeError {
  readonly code = 'ERR_INVALID_ARG_TYPE' as const;
  readonly actual: unknown;

  constructor(name: string, requirement: string, actual: unknown) {
    super(`${name} must be ${requirement}, got ${actual === null ? 'null' : typeof actual}`);
    this.name = 'ArgumentTypeError';
    this.actual = actual;
  }
}

/**
 * Checks that `value` is an integer in `[min, max]` and gives it back.
 * @throws ArgumentTypeError `ERR_INVALID_ARG_TYPE` for anything but a number
 * @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for fractions, NaN and values outside
 */
export function checkInteger(name: string, value: number, min: number, max: number): number {
  if (typeof value !== 'number') throw new ArgumentTypeError(name, 'a number', value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ArgumentRangeError(name, `an integer from ${min} to ${max}`, value);
  }
  return value;
}

/**
 * Checks that `value` is one of `allowed` and gives it back.
 * @throws ArgumentTypeError `ERR_INVALID_ARG_TYPE` for anything but a string
 * @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for another string
 */
export function checkOneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (typeof value !== 'string') throw new ArgumentTypeError(name, 'a string', value);
  if (!allowed.includes(value)) throw new ArgumentRangeError(name, `one of ${allowed.join(', ')}`, value);
  return value;
}
