// A build from its Dockerfile to its image: stages, steps, what is told of them.
import type { Image } from '../oci/index.ts';
import { BuildError } from './errors.ts';
import type { ArgCommand } from './commands.ts';
import { parseDockerfile } from './parser.ts';
import type { BuildOptions, BuildPorts } from './ports.ts';
import { StageBuild } from './stage-build.ts';
import { earlierStage, neededStages, type Plan, planOf, type Stage, targetStage } from './stages.ts';
import { scratch, type StageImage, stageImage } from './stage-image.ts';
import { BuildArgs } from './variables.ts';
import { expand } from './words.ts';
import { announceBuild } from './prune.ts';
import { StepCache } from './cache.ts';

export const shortId = (id: string): string => id.replace('sha256:', '').slice(0, 12);

/** Builds the image that a Dockerfile describes, and gives it its names; with an output and without a name no image is kept. Throws BuildError, ImageError, EngineError, LayerError; every finished step is kept then. */
export const buildImage = (ports: BuildPorts, options: BuildOptions): Promise<Image | undefined> => announced(ports, () => new Build(ports, options).run());

/** Nobody clears steps away while it runs. */
async function announced<T>({ folder, processes, host }: BuildPorts, work: () => Promise<T>): Promise<T> {
  const bytes = new Uint8Array(8);
  host.random.fill(bytes);
  const end = announceBuild(folder, processes, Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''));
  try { return await work(); } finally { end(); }
}

class Build {
  readonly #ports: BuildPorts;
  readonly #options: BuildOptions;
  readonly #plan: Plan;
  readonly #args: BuildArgs;
  readonly #cache: StepCache;
  readonly #built = new Map<Stage, StageImage>();
  #step = 0;
  #steps = 0;

  constructor(ports: BuildPorts, options: BuildOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#plan = planOf(parseDockerfile(options.dockerfile));
    this.#args = new BuildArgs(options.buildArgs);
    this.#cache = new StepCache(ports.folder, ports.images, ports.codecs);
  }

  async run(): Promise<Image | undefined> {
    const target = targetStage(this.#plan, this.#options.target);
    const told: ArgCommand[] = [];
    if (this.#plan.warnings.length > 0) this.#ports.say(`${this.#plan.warnings.map((text) => `[WARNING]: Empty continuation line found in:\n    ${text}\n`).join('')}[WARNING]: Empty continuation lines will become errors in a future release.\n`);
    for (const arg of this.#plan.args) {
      this.#args.declareGlobal(arg, (text) => this.#global(text));
      told.push(arg);
    }
    const labels = this.#labels();
    const needed = neededStages(this.#plan, target, (stage) => this.#global(stage.from.base));
    this.#steps = told.length + labels.length + needed.reduce((sum, stage) => sum + 1 + stage.commands.length, 0);
    for (const arg of told) this.#tell(arg.text);
    for (const stage of needed) await this.#stage(stage === target ? { ...stage, commands: [...stage.commands, ...labels] } : stage, stage);
    return this.#finish(this.#built.get(target)!);
  }

  #global(text: string): string { return expand(text, this.#args.global, this.#plan.escape); }

  /** --label, as instructions at the end. */
  #labels(): Stage['commands'] {
    return [...this.#options.labels].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({
      kind: 'config', name: 'LABEL', line: 0, text: `LABEL ${name}=${value}`,
      change: (config) => {
        config.Labels = { ...config.Labels, [name]: value };
        return `LABEL ${name}=${value}`;
      },
    }));
  }

  #tell(text: string): void { this.#ports.say(`Step ${++this.#step}/${this.#steps} : ${text}\n`); }

  async #stage(stage: Stage, as: Stage): Promise<void> {
    this.#tell(stage.from.text);
    const base = await this.#base(stage);
    const building = new StageBuild(this.#ports, this.#options, { base, args: this.#args.forStage(), cache: this.#cache, escape: this.#plan.escape, find: (name) => this.#find(name, stage.index) });
    await building.triggers();
    this.#ports.say(` ---> ${shortId(building.image.id)}\n`);
    for (const command of stage.commands) {
      this.#tell(command.text);
      await building.step(command);
      this.#ports.say(` ---> ${shortId(building.image.id)}\n`);
    }
    this.#built.set(as, building.image);
  }

  async #base({ from, index }: Stage): Promise<StageImage> {
    const name = this.#global(from.base);
    if (name === '') throw new BuildError('NO_BASE', `base name (${from.base}) should not be blank`);
    const platform = from.platform === undefined ? this.#options.platform : this.#global(from.platform);
    if (name === 'scratch') return scratch;
    const earlier = /^\d+$/.test(name) ? undefined : earlierStage(this.#plan.stages, name, index);
    if (earlier) return this.#late(earlier);
    return stageImage(await this.#ports.findImage(this.#options.imageContexts.get(name) ?? name, { pull: this.#options.pull, platform }));
  }

  /** A stage that is built, or is built now: one that nothing but a trigger asks for. */
  async #late(stage: Stage): Promise<StageImage> {
    if (!this.#built.has(stage)) {
      this.#steps += 1 + stage.commands.length;
      await this.#stage(stage, stage);
    }
    return this.#built.get(stage)!;
  }

  /** What --from says: an earlier stage, or an image. */
  async #find(name: string, before: number): Promise<StageImage> {
    if (/^\d+$/.test(name) && Number(name) >= before) throw new BuildError('BAD_WORD', Number(name) === before ? `invalid from flag value ${name}: refers to current build stage` : `invalid from flag value ${name}: index out of bounds`);
    const earlier = earlierStage(this.#plan.stages, name, before);
    if (earlier) return this.#late(earlier);
    return name === 'scratch' ? scratch : stageImage(await this.#ports.findImage(this.#options.imageContexts.get(name) ?? name, { pull: false, platform: undefined }));
  }

  async #finish(made: StageImage): Promise<Image | undefined> {
    const { images, say } = this.#ports;
    const { output, tags } = this.#options;
    if (output) await output(images.openTree(made.layers, { now: () => 0n }));
    if (output && tags.length === 0) return undefined;
    if (made.id === '') throw new BuildError('NO_IMAGE', 'No image was generated. Is your Dockerfile empty?');
    const unused = this.#args.unused();
    if (unused.length > 0) say(`[Warning] One or more build-args [${unused.sort().join(' ')}] were not consumed\n`);
    const known = images.store.resolve(made.id);
    const image = known ?? images.store.put({ configBytes: made.configBytes, layers: made.layers, names: tags });
    say(`Successfully built ${shortId(image.id)}\n`);
    for (const name of tags) {
      if (known) images.store.tag(image, name);
      say(`Successfully tagged ${this.#ports.shownName(name)}\n`);
    }
    return image;
  }
}

