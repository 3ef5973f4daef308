// One stage while it is built: its configuration, and the steps that make one image of another.
import { S_IFDIR, S_IFMT } from '../abi/index.ts';
import { type ConfigDraft, EMPTY_TAR, type NewLayer, type RunConfig, shellOf, variablesOf, workingDirectory } from '../oci/index.ts';
import { tarOfChanges } from '../layers/index.ts';
import type { OverlayFs } from '../vfs/index.ts';
import type { StepCache } from './cache.ts';
import type { ArgCommand, Command, ConfigCommand, CopyCommand, MaintainerCommand, RunCommand } from './commands.ts';
import { commandOf } from './commands.ts';
import { CopyStep } from './copy-step.ts';
import { Copying } from './copy.ts';
import { BuildError } from './errors.ts';
import { parseDockerfile } from './parser.ts';
import type { BuildOptions, BuildPorts } from './ports.ts';
import { RunStep } from './run-step.ts';
import { firstConfig, type StageImage, withStep } from './stage-image.ts';
import type { StageArgs } from './variables.ts';
import { bytesOf, expand } from './words.ts';

export interface StageParts {
  readonly base: StageImage;
  readonly args: StageArgs;
  readonly cache: StepCache;
  readonly escape: string;
  /** What --from says. */
  find(name: string): Promise<StageImage>;
}

const joined = (words: readonly string[]): string => words.join(' ');

export class StageBuild {
  image: StageImage;
  readonly ports: BuildPorts;
  readonly options: BuildOptions;
  readonly parts: StageParts;
  #config: ConfigDraft;
  #author = '';
  #triggers: readonly string[];

  constructor(ports: BuildPorts, options: BuildOptions, parts: StageParts) {
    this.ports = ports;
    this.options = options;
    this.parts = parts;
    this.image = parts.base;
    const { OnBuild, ...config } = firstConfig(parts.base);
    this.#triggers = OnBuild ?? [];
    this.#config = config;
  }

  get config(): RunConfig {
    const { said: _, ...config } = this.#config;
    return config;
  }

  /** A word with ARG and ENV in it. */
  readonly word = (text: string): string => this.#expanded(text, false);
  /** The text of a here-document. */
  readonly rawText = (text: string): string => this.#expanded(text, true);
  #expanded(text: string, raw: boolean): string {
    const env = variablesOf(this.#config);
    return expand(text, (name) => env(name) ?? this.parts.args.lookup(name), this.parts.escape, raw);
  }

  /** What ONBUILD said in the base. */
  async triggers(): Promise<void> {
    const { length } = this.#triggers;
    if (length > 0) this.ports.say(`# Executing ${length} build trigger${length > 1 ? 's' : ''}\n`);
    for (const trigger of this.#triggers) {
      const { instructions, escape } = parseDockerfile(trigger);
      if (instructions.length !== 1) throw new BuildError('SYNTAX', 'onbuild trigger should be a single expression');
      await this.step(commandOf(instructions[0]!, escape));
    }
  }

  async step(command: Command): Promise<void> { await (steps[command.kind] as (stage: StageBuild, command: Command) => Promise<void> | void)(this, command); }

  /** A step that is in the cache, or is made now: `made` tells, beside the parent, all that decides what comes out; `make` gives what it changed, or nothing for a change of the configuration. */
  async commit(createdBy: string, made: readonly unknown[], make: () => Promise<OverlayFs | undefined> | OverlayFs | undefined): Promise<void> {
    const { cache } = this.parts;
    const key = cache.key(this.image, [createdBy, this.#author, this.options.fixedSec ?? null, ...made]);
    const known = this.options.noCache ? undefined : cache.find(key);
    if (known) {
      this.ports.say(' ---> Using cache\n');
      this.image = known;
      return;
    }
    const fs = await make();
    const layer = fs && await this.#layerOf(fs);
    fs?.store.close();
    const image = withStep(this.image, { config: this.config, createdBy, author: this.#author, createdNs: this.now(), layer }, layer?.contentSize ?? 0, this.ports.codecs);
    cache.keep(key, image, layer);
    this.image = image;
  }

  /** Nanoseconds since 1970. */
  now(): bigint { return this.options.fixedSec === undefined ? this.ports.host.clock.realtimeNs() : BigInt(this.options.fixedSec) * 1_000_000_000n; }

  async #layerOf(fs: OverlayFs): Promise<NewLayer & { readonly contentSize: number } | undefined> {
    const { fixedSec } = this.options;
    const changes = [...fs.changes()];
    if (changes.every((change) => change.same)) return undefined;
    const layer = await this.ports.images.store.newLayer(tarOfChanges(fs.root, changes, fixedSec === undefined ? {} : { latestSec: fixedSec }));
    if (layer.diffId !== EMPTY_TAR) return { ...layer, contentSize: contentSize(changes) };
    layer.file.discard();
    return undefined;
  }

  /** `Running in` and `Removing`: Docker's builder has a container for each step, and tells its id. */
  async inContainer<T>(work: (id: string) => Promise<T> | T): Promise<T> {
    const bytes = new Uint8Array(6);
    this.ports.host.random.fill(bytes);
    const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    this.ports.say(` ---> Running in ${id}\n`);
    const result = await work(id);
    this.ports.say(`Removing intermediate container ${id}\n`);
    return result;
  }

  /** What Docker's builder writes as the cause of a step that runs nothing. */
  comment(text: string, gap = '  '): string { return `${joined(shellOf(this.config))} #(nop)${gap}${text}`; }

  // --- one for each kind of command ---

  async setConfig({ change, name }: ConfigCommand): Promise<void> {
    const healthBefore = this.#config.Healthcheck?.Test;
    if (name === 'WORKDIR') return this.#workdir(change);
    const comment = change(this.#config, this.word);
    if (name === 'HEALTHCHECK' && healthBefore && healthBefore.length > 0 && healthBefore[0] !== 'NONE') this.ports.say(`Note: overriding previous HEALTHCHECK: [${joined(healthBefore)}]\n`);
    await this.commit(this.comment(comment), [], () => this.inContainer(() => undefined));
  }

  async #workdir(change: ConfigCommand['change']): Promise<void> {
    change(this.#config, this.word);
    this.#config.WorkingDir = workingDirectory('/', this.#config.WorkingDir ?? '');
    const path = this.#config.WorkingDir;
    await this.commit(this.comment(`WORKDIR ${path}`, ' '), [], () => this.inContainer(() => {
      const fs = this.openTree();
      new Copying(fs, {}).directory(bytesOf(path));
      return fs;
    }));
  }

  async declareArgs({ args }: ArgCommand): Promise<void> {
    const said = args.map(({ key, value }) => ({ key: this.word(key), value: value === undefined ? undefined : this.word(value) }));
    for (const { key, value } of said) this.parts.args.declare(key, value);
    await this.commit(this.comment(`ARG ${said.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`)).join(' ')}`), [], () => this.inContainer(() => undefined));
  }

  async setAuthor({ author }: MaintainerCommand): Promise<void> {
    this.#author = author;
    await this.commit(this.comment(`MAINTAINER ${author}`), [], () => this.inContainer(() => undefined));
  }

  /** The files of the stage so far, to be changed. */
  openTree(asContainer = false): OverlayFs { return this.ports.images.openTree(this.image.layers, { now: () => this.now(), asContainer, ...(this.ports.scratchBytes === undefined ? {} : { limit: this.ports.scratchBytes }) }); }
}

const isFile = (mode: number): boolean => (mode & S_IFMT) !== S_IFDIR;

/** What the files of a layer hold, in bytes. */
function contentSize(changes: Iterable<ReturnType<OverlayFs['changes']> extends Iterable<infer C> ? C : never>): number {
  const seen = new Map<number, number>();
  for (const { inode } of changes) if (inode && isFile(inode.mode)) seen.set(inode.ino, inode.data?.size ?? 0);
  return [...seen.values()].reduce((sum, size) => sum + size, 0);
}

const steps = {
  arg: (stage: StageBuild, command: ArgCommand) => stage.declareArgs(command),
  config: (stage: StageBuild, command: ConfigCommand) => stage.setConfig(command),
  maintainer: (stage: StageBuild, command: MaintainerCommand) => stage.setAuthor(command),
  run: (stage: StageBuild, command: RunCommand) => new RunStep(stage, command).run(),
  copy: (stage: StageBuild, command: CopyCommand) => new CopyStep(stage, command).run(),
} as const;
