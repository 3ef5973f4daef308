// RUN as a step of a stage: a container over the stage's files, its command, its exit code, and what it changed.
import { bootContainer, type ContainerConfig, EngineError, exitCode } from '../engine/index.ts';
import { shellOf, variablesOf } from '../oci/index.ts';
import type { OverlayFs } from '../vfs/index.ts';
import type { RunCommand } from './commands.ts';
import { BuildError } from './errors.ts';
import { heredocOf } from './heredoc.ts';
import { RunMounts } from './run-mounts.ts';
import type { StageBuild } from './stage-build.ts';

const encoder = new TextEncoder();

export class RunStep {
  readonly #stage: StageBuild;
  readonly #command: RunCommand;

  constructor(stage: StageBuild, command: RunCommand) {
    this.#stage = stage;
    this.#command = command;
  }

  async run(): Promise<void> {
    const stage = this.#stage;
    const argv = this.#argv();
    const { lines, told } = stage.parts.args.all(variablesOf(stage.config));
    const createdBy = [...(lines.length > 0 ? [`|${told.length}`, ...told] : []), ...argv].join(' ');
    const mounts = new RunMounts(stage, this.#command.mounts);
    const { network } = this.#command;
    await stage.commit(createdBy, [await mounts.key(), ...(network === undefined ? [] : [network])], () => stage.inContainer((id) => this.#execute(id, argv, lines, mounts)));
  }

  /** The one here-document that is all there is to run. */
  get #document(): string | undefined {
    const { words, heredocs } = this.#command;
    return typeof words === 'string' && heredocs.length === 1 && heredocOf(words) ? heredocs[0]!.content : undefined;
  }

  #argv(): string[] {
    const { words, heredocs } = this.#command;
    if (typeof words !== 'string') return [...words];
    const shell = shellOf(this.#stage.config);
    const document = this.#document;
    if (document === undefined) return [...shell, words + heredocs.map(({ name, content }) => `\n${content}${name}`).join('')];
    return [...shell, document.startsWith('#!') ? this.#script : document];
  }

  /** Where a here-document lies that names its own interpreter. */
  get #script(): string { return `/dev/pipes/${this.#command.heredocs[0]!.name}`; }

  async #execute(id: string, argv: readonly string[], args: readonly string[], requested: RunMounts): Promise<OverlayFs> {
    const { options, ports } = this.#stage;
    const { host } = ports;
    const fs = this.#stage.openTree(true);
    const document = this.#document;
    const mounts = await requested.open(fs, document?.startsWith('#!') ? { path: this.#script, bytes: encoder.encode(document) } : undefined);
    try {
      const limits = { ...options.limits, NetworkMode: networkMode(this.#command.network ?? options.network) };
      const { stdout, stderr } = ports.streams;
      const machine = bootContainer({ host, cpu: ports.cpu(), io: { streams: { stdout, stderr } }, mounts: mounts.mounts }, this.#config(id, argv, [...args, ...mounts.env]), fs, limits);
      const code = exitCode(await machine.run());
      if (code !== 0) throw new BuildError('FAILED', `The command '${argv.join(' ')}' returned a non-zero code: ${code}`, code);
    } catch (error) {
      throw error instanceof EngineError && error.code === 'START_FAILED' ? new EngineError(error.code, `failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${error.message}: unknown`, 1) : error;
    } finally { mounts.close(); }
    return fs;
  }

  #config(id: string, argv: readonly string[], env: readonly string[]): ContainerConfig {
    const { User = '', WorkingDir = '', Env } = this.#stage.config;
    return {
      Hostname: id, Domainname: '', User, AttachStdin: false, AttachStdout: true, AttachStderr: true, Tty: false, OpenStdin: false, StdinOnce: false,
      Env: [...Env ?? [], ...env], Cmd: argv, Image: this.#stage.image.id, Volumes: null, WorkingDir, Entrypoint: null, OnBuild: null, Labels: {},
    };
  }
}

const networkMode = (said: string): string => (said === '' ? 'default' : said);
