// wherry build: an image from a Dockerfile.
import type { HostConfig } from '../../engine/index.ts';
import { containerFlags } from '../container-flags.ts';
import { flagValues } from '../container-request.ts';
import { bool, type Flag, list, type Parsed, PlainError, string } from '../flags.ts';
import { platformFlag } from '../platform-flag.ts';
import { unpackLimitHelp } from '../unpack-limit.ts';
import type { Verb } from '../verb.ts';

/** Limits of the commands: `run` has flags of the same names. */
const limitNames = ['add-host', 'cgroup-parent', 'cpu-period', 'cpu-quota', 'cpu-shares', 'cpuset-cpus', 'cpuset-mems', 'memory', 'memory-swap', 'security-opt', 'shm-size', 'ulimit'];
const limitFlags = containerFlags.filter(({ name }) => limitNames.includes(name));

/** Docker's, that say nothing here: what they ask for is so anyway, or is no part of a build without a daemon. */
const accepted: readonly Flag[] = [
  { ...list('cache-from', 'Images to consider as cache sources'), argument: 'strings' }, bool('compress', 'Compress the build context using gzip'), { ...bool('disable-content-trust', 'Skip image verification'), initial: 'true' },
  bool('force-rm', 'Always remove intermediate containers'), string('isolation', 'Container isolation technology'), { ...bool('rm', 'Remove intermediate containers after a successful build'), initial: 'true' },
  { ...bool('load', 'Load the image into the store'), hidden: true }, { ...list('cache-to', 'Cache export destinations'), hidden: true }, { ...string('provenance', 'Attestations'), hidden: true }, { ...string('sbom', 'Attestations'), hidden: true },
];

export const build: Verb = {
  name: 'build',
  aliases: ['image build', 'builder build'],
  common: true,
  usage: '[OPTIONS] PATH | URL | -',
  help: 'Build an image from a Dockerfile',
  details: unpackLimitHelp,
  flags: [
    ...limitFlags, ...accepted,
    list('build-arg', 'Set build-time variables'), { ...list('build-context', 'Additional build contexts (e.g., name=path)'), argument: 'stringArray' }, string('file', 'Name of the Dockerfile (Default is \'PATH/Dockerfile\')', 'f'),
    { ...string('output', 'Output destination (format: "type=local,dest=path")', 'o'), argument: 'stringArray' }, string('iidfile', 'Write the image ID to the file'), list('label', 'Set metadata for an image'), string('network', 'Set the networking mode for the RUN instructions during build', undefined, 'default'),
    bool('no-cache', 'Do not use cache when building the image'), platformFlag('Set platform if server is multi-platform capable.'), string('progress', 'Set type of progress output (auto, plain, quiet, tty)', undefined, 'auto'),
    bool('pull', 'Always attempt to pull a newer version of the image'), bool('quiet', 'Suppress the build output and print image ID on success', 'q'),
    { ...list('secret', 'Secret to expose to the build (e.g., id=mysecret,src=FILE)'), argument: 'stringArray' }, bool('squash', 'Squash newly built layers into a single new layer'), list('tag', 'Name and optionally a tag in the \'name:tag\' format', 't'),
    string('target', 'Set the target build stage to build.'),
  ],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    if (parsed.bool('squash')) throw new PlainError('Error response from daemon: squash is only supported with experimental mode');
    const limits = limitsOf(parsed);
    const { runBuild } = await import('../build-image.ts');
    return runBuild(parsed, terminal, limits);
  },
};

const limitsOf = (parsed: Parsed): Partial<HostConfig> => flagValues(limitFlags, parsed).host;
