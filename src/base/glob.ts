// Patterns of names and texts, matched without going back: time is the pattern's length times the text's, whatever the pattern.

/** A part of a pattern: one character; any number of them; or `directories`, which is nothing, or anything up to a slash. */
export type GlobPart = { readonly one: (char: string) => boolean } | { readonly many: (char: string) => boolean } | 'directories';

type State = { readonly accepts: (char: string) => boolean; readonly stays: boolean; readonly leaves: (char: string) => boolean; /** States that are there with it. */ readonly with: readonly number[] };

const never = (): boolean => false;
const always = (): boolean => true;

export class Glob {
  readonly #states: readonly State[];

  constructor(parts: readonly GlobPart[]) {
    this.#states = parts.flatMap((part, i): State[] => {
      const at = i + parts.slice(0, i).filter((before) => before === 'directories').length;
      if (part !== 'directories') return 'one' in part ? [{ accepts: part.one, stays: false, leaves: part.one, with: [] }] : [{ accepts: part.many, stays: true, leaves: never, with: [at + 1] }];
      return [{ accepts: never, stays: false, leaves: never, with: [at + 1, at + 2] }, { accepts: always, stays: true, leaves: (char) => char === '/', with: [] }];
    });
  }

  test(text: string): boolean { return this.#lengths(text, 0).at(-1) === text.length; }

  /** How long the beginnings of what lies behind `from` are that match, shortest first. */
  lengths(text: string, from = 0): number[] { return this.#lengths(text, from); }

  #lengths(text: string, from: number): number[] {
    const end = this.#states.length;
    const found: number[] = [];
    let now = this.#with([0]);
    for (let at = from; ; at++) {
      if (now.has(end)) found.push(at - from);
      if (at === text.length || now.size === 0) return found;
      now = this.#with(this.#after(now, text[at]!));
    }
  }

  #after(now: ReadonlySet<number>, char: string): number[] {
    const next: number[] = [];
    for (const number of now) {
      const state = this.#states[number];
      if (!state?.accepts(char)) continue;
      if (state.stays) next.push(number);
      if (state.leaves(char)) next.push(number + 1);
    }
    return next;
  }

  #with(numbers: readonly number[]): Set<number> {
    const all = new Set(numbers);
    // A set is walked over what is added to it meanwhile.
    for (const number of all) for (const other of this.#states[number]?.with ?? []) all.add(other);
    return all;
  }
}
