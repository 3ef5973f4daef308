// The stages of a Dockerfile, and which of them a target needs.
import { type ArgCommand, type Command, commandOf, type CopyCommand, type FromCommand, fromCommand, type RunCommand } from './commands.ts';
import { BuildError, syntaxError } from './errors.ts';
import type { Dockerfile } from './parser.ts';

export interface Stage { readonly index: number; readonly from: FromCommand; readonly commands: readonly Command[] }

export interface Plan {
  /** ARG before the first FROM. */
  readonly args: readonly ArgCommand[];
  readonly stages: readonly Stage[];
  readonly escape: string;
  /** Instructions with empty lines in them. */
  readonly warnings: readonly string[];
}

/** All of them, every instruction checked. Throws BuildError 'SYNTAX'. */
export function planOf({ instructions, escape, warnings }: Dockerfile): Plan {
  const args: ArgCommand[] = [];
  const stages: { index: number; from: FromCommand; commands: Command[] }[] = [];
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') {
      const from = fromCommand(instruction, escape);
      if (from.name !== undefined && stages.some((stage) => stage.from.name === from.name)) throw syntaxError(instruction.line, `duplicate name ${from.name}`);
      stages.push({ index: stages.length, from, commands: [] });
      continue;
    }
    const command = commandOf(instruction, escape);
    const stage = stages.at(-1);
    if (stage) stage.commands.push(command);
    else if (command.kind === 'arg') args.push(command);
    else throw new BuildError('NO_STAGE', 'no build stage in current context');
  }
  return { args, stages, escape, warnings };
}

/** The stage that a user means: a name, or a number. Throws BuildError 'NO_TARGET'. */
export function targetStage({ stages }: Plan, target: string | undefined): Stage {
  if (target === undefined || target === '') {
    const last = stages.at(-1);
    if (!last) throw new BuildError('NO_STAGE', 'no build stage in current context');
    return last;
  }
  const found = stages.find((stage) => stage.from.name === target.toLowerCase()) ?? (/^\d+$/.test(target) ? stages[Number(target)] : undefined);
  if (!found) throw new BuildError('NO_TARGET', `failed to reach build target ${target} in Dockerfile`);
  return found;
}

/** The earlier stage that a name or a number in `stage` stands for. */
export function earlierStage(stages: readonly Stage[], text: string, before: number): Stage | undefined {
  const name = text.toLowerCase();
  const named = stages.slice(0, before).findLast((stage) => stage.from.name === name);
  return named ?? (/^\d+$/.test(text) ? stages.slice(0, before)[Number(text)] : undefined);
}

const sourcesOf = (command: Command): string[] => {
  const from = command.kind === 'copy' ? [(command as CopyCommand).from] : command.kind === 'run' ? (command as RunCommand).mounts.map((mount) => mount.from) : [];
  return from.filter((text) => text !== undefined);
};

/** The stages that `target` is made of, in the order of the file; `base` tells a FROM's base with its variables replaced. */
export function neededStages({ stages }: Plan, target: Stage, base: (stage: Stage) => string): Stage[] {
  const needed = new Set<Stage>();
  const need = (stage: Stage): void => {
    if (needed.has(stage)) return;
    needed.add(stage);
    // A number is a stage for COPY --from, and an image's name for FROM.
    const named = /^\d+$/.test(base(stage)) ? undefined : base(stage);
    for (const text of [...(named === undefined ? [] : [named]), ...stage.commands.flatMap(sourcesOf)]) {
      const earlier = earlierStage(stages, text, stage.index);
      if (earlier) need(earlier);
    }
  };
  need(target);
  return stages.filter((stage) => needed.has(stage));
}
