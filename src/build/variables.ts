// Variables of a build: ARG and --build-arg, by the rules of Docker's builder.
import type { ArgCommand } from './commands.ts';

/** Those that need no ARG, and say nothing to the cache and to history. */
const predefined = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'FTP_PROXY', 'ftp_proxy', 'NO_PROXY', 'no_proxy', 'ALL_PROXY', 'all_proxy'];

/** What BuildKit tells of platforms, to FROM, and to stages that say ARG. */
const platformArgs: readonly (readonly [string, string])[] = ['TARGET', 'BUILD'].flatMap((side) => [['PLATFORM', 'linux/amd64'], ['OS', 'linux'], ['ARCH', 'amd64'], ['VARIANT', '']].map(([name, value]) => [side + name!, value!] as const));

type Lookup = (name: string) => string | undefined;

export class BuildArgs {
  /** Of --build-arg. */
  readonly #given: ReadonlyMap<string, string>;
  /** ARG before the first FROM. */
  readonly #global = new Map<string, string | undefined>(platformArgs);
  readonly #used = new Set(predefined);

  constructor(given: ReadonlyMap<string, string>) { this.#given = given; }

  /** ARG before the first FROM. */
  declareGlobal({ args }: ArgCommand, expand: (text: string) => string): void {
    for (const { key, value } of args) {
      this.#used.add(key);
      this.#global.set(key, this.#given.get(key) ?? (value === undefined ? undefined : expand(value)));
    }
  }

  /** What FROM and other ARGs before it see. */
  readonly global: Lookup = (name) => this.#global.get(name);

  /** The same arguments at the beginning of a stage. */
  forStage(): StageArgs { return new StageArgs(this.#given, this.#global, this.#used); }

  /** Those that were given and that no ARG asked for. */
  unused(): string[] { return [...this.#given.keys()].filter((name) => !this.#used.has(name)); }
}

export class StageArgs {
  readonly #given: ReadonlyMap<string, string>;
  readonly #global: ReadonlyMap<string, string | undefined>;
  readonly #used: Set<string>;
  /** ARG of the stage: what it says, undefined where it says nothing. */
  readonly #declared = new Map<string, string | undefined>();

  constructor(given: ReadonlyMap<string, string>, global: ReadonlyMap<string, string | undefined>, used: Set<string>) {
    this.#given = given;
    this.#global = global;
    this.#used = used;
  }

  declare(key: string, value: string | undefined): void {
    this.#used.add(key);
    this.#declared.set(key, value);
  }

  #value(name: string): string | undefined { return this.#given.get(name) ?? this.#declared.get(name) ?? this.#global.get(name); }

  /** What instructions see beside ENV. */
  readonly lookup: Lookup = (name) => (this.#declared.has(name) || (predefined.includes(name) && this.#given.has(name)) ? this.#value(name) : undefined);

  /** NAME=value of all that have a value and that ENV does not say, sorted; `told`: those that history tells. */
  all(env: Lookup): { readonly lines: readonly string[]; readonly told: readonly string[] } {
    const names = [...new Set([...this.#declared.keys(), ...predefined.filter((name) => this.#given.has(name))])].filter((name) => env(name) === undefined && this.lookup(name) !== undefined);
    const line = (name: string): string => `${name}=${this.lookup(name)}`;
    return { lines: names.map(line).sort(), told: names.filter((name) => this.#declared.has(name) || !predefined.includes(name)).map(line).sort() };
  }
}
