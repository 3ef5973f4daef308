// Patterns of names: Go's filepath.Match for COPY and ADD, and those of .dockerignore (moby/patternmatcher). All texts are bytes as latin1.
import { BuildError } from './errors.ts';

const special = /[.+()|{}$^\\[\]*?/]/;
const escaped = (char: string): string => (special.test(char) ? `\\${char}` : char);

/** A class `[a-z]`, `[^ab]`, read from its bracket; undefined when it is malformed. */
function classAt(pattern: string, at: number): { readonly source: string; readonly end: number } | undefined {
  let i = at + 1;
  const negated = pattern[i] === '^';
  if (negated) i++;
  let source = '';
  for (let first = true; first || pattern[i] !== ']'; first = false) {
    const range: string[] = [];
    for (const isEnd of [false, true]) {
      if (isEnd) { if (pattern[i] !== '-') break; i++; }
      const char = pattern[i] === '\\' ? pattern[++i] : pattern[i];
      if (char === undefined || (pattern[i - 1] !== '\\' && (char === '-' || (char === ']')))) return undefined;
      range.push(`\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
      i++;
    }
    source += range.join('-');
    if (i >= pattern.length) return undefined;
  }
  return { source: `[${negated ? '^' : ''}${source}]`, end: i };
}

/** filepath.Match: `*` and `?` stay within a name. Throws BuildError 'BAD_PATTERN'. */
export function goPattern(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const found = classAt(pattern, i);
      if (!found) throw new BuildError('BAD_PATTERN', 'syntax error in pattern');
      source += found.source;
      i = found.end;
    } else if (char === '\\') {
      if (i + 1 === pattern.length) throw new BuildError('BAD_PATTERN', 'syntax error in pattern');
      source += escaped(pattern[++i]!);
    } else source += escaped(char);
  }
  return new RegExp(`^${source}$`, 's');
}

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

interface IgnorePattern { readonly exclusion: boolean; readonly text: string; readonly regexp: RegExp }

/** `**` is any number of directories. */
function ignoreRegexp(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    if (char === '*' && pattern[i + 1] === '*') {
      i++;
      if (pattern[i + 1] === '/') i++;
      source += i + 1 >= pattern.length ? '.*' : '(?:.*/)?';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const found = classAt(pattern, i);
      if (!found) throw new BuildError('BAD_PATTERN', 'error checking context: syntax error in pattern');
      source += found.source;
      i = found.end;
    } else if (char === '\\') source += escaped(pattern[++i] ?? '\\');
    else source += escaped(char);
  }
  return new RegExp(`^${source}$`, 's');
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
    const matches = this.#patterns.map(({ exclusion, regexp }, i) => {
      const match = above[i] === true || (exclusion === ignored && regexp.test(path));
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
  return text === '.' || text === '/' ? undefined : { exclusion, text, regexp: ignoreRegexp(text) };
}
