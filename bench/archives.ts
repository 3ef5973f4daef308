// What moves whole images, as processes: load beside cp and sha256sum, save beside cp, export beside tar, opening of large images, reading and writing of large files by the guest.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inTurn, ms, percent, time, type Timing, wall } from './timing.ts';

/** One measured property: ours, what it stands beside in the same run, and the issue of it. */
export interface Figure { readonly what: string; readonly ours: string; readonly beside: string; readonly result: string; readonly target: string }

export const figureRow = (f: Figure): string[] => [f.what, f.ours, f.beside, f.result, f.target];
export const figureHeading = ['what', 'ours', 'beside it', 'result', 'target'];

const archive = resolve('.cache/images/debian.tar');
const image = 'debian:bookworm';
const MB = 1e6;

const shell = (line: string): string[] => ['bash', '-c', line];

/** The measurements of one run in a scratch folder. */
export class ArchiveBench {
  readonly #folder: string;
  readonly #reps: number;
  constructor(folder: string, reps: number) {
    this.#folder = folder;
    this.#reps = reps;
  }

  #at(name: string): string { return join(this.#folder, name); }
  #wherry(store: string, ...args: string[]): Timing { return time([process.execPath, 'bin/wherry.mjs', ...args], { WHERRY_ROOT: this.#at(store) }); }
  #demand(store: string, ...args: string[]): string {
    const timing = this.#wherry(store, ...args);
    if (timing.status !== 0) throw new Error(`wherry ${args.join(' ')}: ${timing.err}`);
    return timing.out.trim();
  }

  /** load, save and export of the Debian image. */
  transfers(): Figure[] {
    if (!existsSync(archive)) throw new Error('build the test images first: npm run test-images');
    const copy = this.#at('copy.tar');
    const load = inTurn(this.#reps, {
      copied: () => { rmSync(copy, { force: true }); return time(shell(`cp ${archive} ${copy} && sha256sum ${copy}`)); },
      ours: () => { rmSync(this.#at('load'), { recursive: true, force: true }); return this.#wherry('load', 'load', '-q', '-i', archive); },
    });
    const bytes = statSync(archive).size;
    const figures = [this.#speed('load of an uncompressed archive', bytes, load.ours, 'cp + sha256sum', load.copied, '≥ 60 %')];

    const save = inTurn(this.#reps, { copied: () => time(['cp', archive, copy]), ours: () => this.#wherry('load', 'save', '-o', this.#at('saved.tar'), image) });
    figures.push(this.#speed('save', bytes, save.ours, 'cp', save.copied, ''));

    const id = this.#demand('load', 'create', image, 'true');
    const tree = this.#at('tree');
    this.#demand('load', 'export', '-o', this.#at('tree.tar'), id);
    mkdirSync(tree);
    execFileSync('tar', ['-xf', this.#at('tree.tar'), '-C', tree]);
    const exported = inTurn(this.#reps, {
      tar: () => { rmSync(this.#at('tar.tar'), { force: true }); return time(['tar', '-cf', this.#at('tar.tar'), '-C', tree, '.']); },
      ours: () => { rmSync(this.#at('tree.tar'), { force: true }); return this.#wherry('load', 'export', '-o', this.#at('tree.tar'), id); },
    });
    figures.push(this.#speed('export', statSync(this.#at('tree.tar')).size, exported.ours, 'tar cf', exported.tar, '≥ 60 %'));
    return figures;
  }

  #speed(what: string, bytes: number, ours: readonly Timing[], peer: string, beside: readonly Timing[], target: string): Figure {
    const rate = (timings: readonly Timing[]): string => `${ms(wall(timings))} ms (${(bytes / MB / wall(timings) * 1000).toFixed(0)} MB/s)`;
    return { what, ours: rate(ours), beside: `${peer}: ${rate(beside)}`, result: `${percent(wall(beside) / wall(ours))} of its speed`, target };
  }

  /** `run` of an image of 50,000 files beside one of ten, the same program in both. */
  opening(): Figure[] {
    for (const count of [10, 50_000]) this.#importTree(`files${count}`, (tree) => {
      for (let i = 0; i < count; i++) {
        const directory = join(tree, `d${Math.floor(i / 100)}`);
        if (i % 100 === 0) mkdirSync(directory);
        writeFileSync(join(directory, `file-${i}`), '');
      }
    });
    const run = (count: number) => (): Timing => this.#wherry('open', 'run', '--rm', `files${count}`, '/bin/busybox', 'true');
    run(10)();
    const runs = inTurn(Math.max(9, this.#reps), { ten: run(10), many: run(50_000) });
    const more = wall(runs.many) - wall(runs.ten);
    return [{ what: 'run of an image of 50,000 files', ours: `${ms(wall(runs.many))} ms`, beside: `of 10 files: ${ms(wall(runs.ten))} ms`, result: `${ms(more)} ms more`, target: '≤ 15 ms more' }];
  }

  /** An image `name` in the store `open`: busybox and what `fill` makes. */
  #importTree(name: string, fill: (tree: string) => void): void {
    const tree = this.#at(`${name}.tree`);
    mkdirSync(join(tree, 'bin'), { recursive: true });
    execFileSync('cp', ['/bin/busybox', join(tree, 'bin/busybox')]);
    fill(tree);
    execFileSync('tar', ['-cf', this.#at(`${name}.tar`), '-C', tree, '.']);
    this.#demand('open', 'import', this.#at(`${name}.tar`), name);
    rmSync(tree, { recursive: true });
    rmSync(this.#at(`${name}.tar`));
  }

  /** A file of 1 GiB read from a layer by the guest's cat, and one of 512 MiB written by its dd; the time of an empty run is taken off. */
  files(): Figure[] {
    const big = 2 ** 30;
    const written = 2 ** 29;
    this.#importTree('big', (tree) => { execFileSync('dd', ['if=/dev/urandom', `of=${join(tree, 'big')}`, 'bs=1M', 'count=1024'], { stdio: 'ignore' }); });
    const run = (...argv: string[]) => (): Timing => this.#wherry('open', 'run', '--rm', 'big', '/bin/busybox', ...argv);
    run('true')();
    const runs = inTurn(this.#reps, {
      nothing: run('true'), cat: run('sh', '-c', '/bin/busybox cat /big > /dev/null'), dd: run('dd', 'if=/dev/zero', 'of=/out', 'bs=1M', 'count=512'),
      native: () => { rmSync(this.#at('out'), { force: true }); return time(['/bin/busybox', 'dd', 'if=/dev/zero', `of=${this.#at('out')}`, 'bs=1M', 'count=512']); },
    });
    const rate = (timings: readonly Timing[], bytes: number, off: number): string => `${(bytes / MB / (wall(timings) - off) * 1000).toFixed(0)} MB/s`;
    const start = wall(runs.nothing);
    return [
      { what: 'guest reads 1 GiB of a layer (cat)', ours: rate(runs.cat, big, start), beside: '', result: `${ms(wall(runs.cat) - start)} ms`, target: '≥ 1000 MB/s' },
      { what: 'guest writes 512 MiB to the memory layer (dd)', ours: rate(runs.dd, written, start), beside: `native dd to disk: ${rate(runs.native, written, 0)}`, result: `${ms(wall(runs.dd) - start)} ms`, target: '≥ 500 MB/s' },
    ];
  }
}
