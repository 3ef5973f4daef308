// The command line's flags as rows, and a parser with the habits of Go's pflag, which docker uses: `-itd`, `-p8080:80`, `--rm=false`, `--name=x`, options end at the image.

/** One flag. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** bool: no argument needed; string: the last one wins; list: all are kept. */
  readonly kind: 'bool' | 'string' | 'list';
  readonly help: string;
  /** What help shows for the argument; the kind's name when absent. */
  readonly argument?: string;
  readonly initial?: string;
  /** Understood, but not shown by help. */
  readonly hidden?: true;
}

type Of<Kind extends Flag['kind']> = Flag & { readonly kind: Kind };

export const bool = (name: string, help: string, short?: string): Of<'bool'> => ({ name, kind: 'bool', help, ...(short ? { short } : {}) });
export const string = (name: string, help: string, short?: string, initial?: string): Of<'string'> =>
  ({ name, kind: 'string', help, ...(short ? { short } : {}), ...(initial === undefined ? {} : { initial }) });
/** A string flag that takes a whole number. */
export const int = (name: string, help: string, short?: string, initial?: string): Of<'string'> => ({ ...string(name, help, short, initial), argument: 'int' });
export const list = (name: string, help: string, short?: string): Of<'list'> => ({ name, kind: 'list', help, ...(short ? { short } : {}) });

/** How an error names a flag: `-m, --memory`. */
export const spelled = ({ name, short }: Flag): string => (short ? `-${short}, --${name}` : `--${name}`);

/** Docker's exit code for flags it does not know. */
export const WRONG_FLAG = 125;

/** A wrong word on the command line; `message` is pflag's. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}

/** What docker's client refuses before it asks its daemon: the exit code is 125 whatever the verb. */
export class ClientError extends Error {
  readonly code = 'CLIENT';
}

/** What docker's client says in one line, with exit code 1 whatever the verb. */
export class PlainError extends Error {
  readonly code = 'PLAIN';
}

/** What was said: flags by name, and the words that are not flags. */
export class Parsed {
  readonly #values = new Map<string, string[]>();
  readonly words: string[] = [];

  add(name: string, value: string): void {
    const values = this.#values.get(name);
    if (values) values.push(value);
    else this.#values.set(name, [value]);
  }
  has(name: string): boolean { return this.#values.has(name); }
  bool(name: string): boolean { return this.#values.get(name)?.at(-1) === 'true'; }
  string(name: string): string | undefined { return this.#values.get(name)?.at(-1); }
  list(name: string): readonly string[] { return this.#values.get(name) ?? []; }
}

/** Go's strconv.ParseBool; undefined for other words. */
export const truthOf = (word: string): boolean | undefined => { const truth = truths.get(word); return truth === undefined ? undefined : truth === 'true'; };

const truths = new Map([['1', 'true'], ['t', 'true'], ['T', 'true'], ['true', 'true'], ['TRUE', 'true'], ['True', 'true'],
  ['0', 'false'], ['f', 'false'], ['F', 'false'], ['false', 'false'], ['FALSE', 'false'], ['False', 'false']]);

/** Parses `args`. `interspersed`: flags may follow the first word that is none (docker's commands that run something stop there). Throws UsageError. */
export function parseFlags(flags: readonly Flag[], args: readonly string[], interspersed: boolean): Parsed {
  const byName = new Map(flags.map((f) => [f.name, f]));
  const byShort = new Map(flags.filter((f) => f.short).map((f) => [f.short!, f]));
  const parsed = new Parsed();
  const rest = [...args];

  const give = (flag: Flag, said: string, value: string): void => {
    if (flag.argument === 'int' && !/^[+-]?\d+$/.test(value)) throw new UsageError(`invalid argument ${JSON.stringify(value)} for "${said}" flag: strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    if (flag.kind !== 'bool') return parsed.add(flag.name, value);
    const truth = truths.get(value);
    if (truth === undefined) throw new UsageError(`invalid argument "${value}" for "${said}" flag: strconv.ParseBool: parsing "${value}": invalid syntax`);
    parsed.add(flag.name, truth);
  };

  const long = (word: string): void => {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const flag = byName.get(name);
    if (!flag) throw new UsageError(`unknown flag: --${name}`);
    const said = spelled(flag);
    if (equals >= 0) return give(flag, said, word.slice(equals + 1));
    if (flag.kind === 'bool') return give(flag, said, 'true');
    const value = rest.shift();
    if (value === undefined) throw new UsageError(`flag needs an argument: --${name}`);
    give(flag, said, value);
  };

  const cluster = (word: string): void => {
    for (let i = 1; i < word.length; i++) {
      const short = word[i]!;
      const flag = byShort.get(short);
      if (!flag) throw new UsageError(`unknown shorthand flag: '${short}' in ${word}`);
      const said = spelled(flag);
      if (flag.kind === 'bool') {
        if (word[i + 1] === '=') return give(flag, said, word.slice(i + 2));
        give(flag, said, 'true');
        continue;
      }
      const attached = word.slice(i + 1);
      if (attached !== '') return give(flag, said, attached.startsWith('=') ? attached.slice(1) : attached);
      const value = rest.shift();
      if (value === undefined) throw new UsageError(`flag needs an argument: '${short}' in ${word}`);
      return give(flag, said, value);
    }
  };

  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') { parsed.words.push(...rest); break; }
    if (word.startsWith('--')) long(word);
    else if (word.startsWith('-') && word !== '-') cluster(word);
    else {
      parsed.words.push(word);
      if (!interspersed) { parsed.words.push(...rest); break; }
    }
  }
  return parsed;
}
