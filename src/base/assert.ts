// Assertions for bugs of our own: they are never caught.

/** Throws when `condition` is false; `message` says which invariant broke. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`wherry bug: ${message}`);
}

/** For the branch that cannot be reached; the type checker proves it. */
export function unreachable(value: never): never {
  throw new Error(`wherry bug: unexpected ${String(value)}`);
}
