// What can be wrong with a pack itself.

/** `version`: written by another version; `damaged`: unreadable; `broken`: an error left the journal in a state that must not be added to. */
export class PackError extends Error {
  readonly code: 'version' | 'damaged' | 'broken';
  constructor(code: PackError['code'], message: string) {
    super(message);
    this.name = 'PackError';
    this.code = code;
  }
}
