// Patterns of names: Go's filepath.Match for COPY and ADD, and those of .dockerignore (moby/patternmatcher). All texts are bytes as latin1.
import { Glob, type GlobPart } from '../base/index.ts';
import { BuildError } from './errors.ts';

const withinName = (char: string): boolean => char !== '/';
const exactly = (wanted: string): GlobPart => ({ one: (char) => char === wanted });

/** A class `[a-z]`, `[^ab]`, read from its bracket; undefined when it is malformed. */
function classAt(pattern: string, at: number): { readonly part: GlobPart; readonly end: number } | undefined {
  let i = at + 1;
  const negated = pattern[i] === '^';
  if (negated) i++;
  const ranges: (readonly [string, string])[] = [];
  for (let first = true; first || pattern[i] !== ']'; first = false) {
    const range: string[] = [];
    for (const isEnd of [false, true]) {
      if (isEnd) { if (pattern[i] !== '-') break; i++; }
      const char = pattern[i] === '\\' ? pattern[++i] : pattern[i];
      if (char === undefined || (pattern[i - 1] !== '\\' && (char === '-' || (char === ']')))) return undefined;
      range.push(char);
      i++;
    }
    ranges.push([range[0]!, range.at(-1)!]);
    if (i >= pattern.length) return undefined;
  }
  return { part: { one: (char) => withinName(char) && ranges.some(([low, high]) => low <= char && char <= high) !== negated }, end: i };
}

const malformed = (why: string): BuildError => new BuildError('BAD_PATTERN', why);

/** The parts of a pattern; `stars` gives what begins with two of them, and how many characters that are. */
function partsOf(pattern: string, wrong: string, stars: (at: number) => { readonly part: GlobPart; readonly length: number } | undefined): GlobPart[] {
  const parts: GlobPart[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    const doubled = char === '*' && pattern[i + 1] === '*' ? stars(i) : undefined;
    if (doubled) {
      parts.push(doubled.part);
      i += doubled.length - 1;
    } else if (char === '*') parts.push({ many: withinName });
    else if (char === '?') parts.push({ one: withinName });
    else if (char === '[') {
      const found = classAt(pattern, i);
      if (!found) throw malformed(wrong);
      parts.push(found.part);
      i = found.end;
    } else if (char === '\\') {
      if (i + 1 === pattern.length) throw malformed(wrong);
      parts.push(exactly(pattern[++i]!));
    } else parts.push(exactly(char));
  }
  return parts;
}

/** filepath.Match: `*` and `?` stay within a name. Throws BuildError 'BAD_PATTERN'. */
export const goPattern = (pattern: string): Glob => new Glob(partsOf(pattern, 'syntax error in pattern', () => undefined));

export const hasWildcards = (path: string): boolean => /[*?[]/.test(path.replace(/\\./g, ''));

/** A path as Go's filepath.Clean has it. */
export function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '..' || !rooted) parts.push(part);
  }
  return `${rooted ? '/' : ''}${parts.join('/')}` || '.';
}

interface IgnorePattern { readonly exclusion: boolean; readonly text: string; readonly glob: Glob }

/** `**` is any number of directories. */
function ignorePattern(pattern: string): Glob {
  return new Glob(partsOf(pattern, 'error checking context: syntax error in pattern', (at) => {
    const length = pattern[at + 2] === '/' ? 3 : 2;
    return { part: at + length >= pattern.length ? { many: () => true } : 'directories', length };
  }));
}

/** Which patterns a directory matches, for what lies in it. */
export type Matches = readonly boolean[];

/** What a .dockerignore says. */
export class Ignore {
  readonly #patterns: readonly IgnorePattern[];

  /** Throws BuildError 'BAD_PATTERN'. */
  constructor(text: string) {
    const lines = text.replace(/^\ufeff/, '').split('\n').filter((line) => !line.startsWith('#')).map((line) => line.trim()).filter((line) => line !== '');
    this.#patterns = lines.map(patternOf).filter((pattern) => pattern !== undefined);
  }

  get isEmpty(): boolean { return this.#patterns.length === 0; }

  /** Whether a path is left out; `above`: what was said of the directory it lies in. */
  check(path: string, above: Matches): { readonly ignored: boolean; readonly matches: Matches } {
    let ignored = false;
    const matches = this.#patterns.map(({ exclusion, glob }, i) => {
      const match = above[i] === true || (exclusion === ignored && glob.test(path));
      if (match) ignored = !exclusion;
      return match;
    });
    return { ignored, matches };
  }

  /** Whether something below a directory that is left out may be wanted all the same. */
  mayKeepBelow(path: string): boolean { return this.#patterns.some(({ exclusion, text }) => exclusion && (`${text}/`.startsWith(`${path}/`) || /[*?[]/.test(text))); }
}

function patternOf(line: string): IgnorePattern | undefined {
  const exclusion = line.startsWith('!');
  const said = exclusion ? line.slice(1).trim() : line;
  if (said === '') throw new BuildError('BAD_PATTERN', 'error checking context: illegal exclusion pattern: "!"');
  const cleaned = cleanPath(said);
  const text = cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned;
  return text === '.' || text === '/' ? undefined : { exclusion, text, glob: ignorePattern(text) };
}
