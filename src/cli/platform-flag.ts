// `--platform` of verbs that could choose among several: images here have one.
import { ImageError } from '../oci/index.ts';
import { type Parsed, string } from './flags.ts';

export const platformFlag = (help: string): ReturnType<typeof string> => string('platform', `${help} Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")`);

const architectures: Readonly<Record<string, string>> = { 'x86_64': 'amd64', 'x86-64': 'amd64', aarch64: 'arm64' };
/** What goes without saying. */
const UNSAID_VARIANTS: Readonly<Record<string, string>> = { arm64: 'v8', amd64: 'v1' };
const known = ['386', 'amd64', 'arm', 'arm64', 'loong64', 'mips64le', 'ppc64le', 'riscv64', 's390x', 'linux', 'windows', 'darwin', 'freebsd'];

/** What was said, written as os/architecture. Throws ImageError 'bad-platform'. */
function normal(said: string, complaint = 'invalid platform: '): string {
  const parts = said.toLowerCase().split('/');
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) throw new ImageError('wrong-platform', `${complaint}${JSON.stringify(said)}: platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument`);
  const [first = '', second] = parts.map((part) => architectures[part] ?? part);
  if (second !== undefined) return parts.length === 3 ? `${first}/${second}/${parts[2]}` : `${first}/${second}`;
  if (!known.includes(first)) throw new ImageError('wrong-platform', `${complaint}${JSON.stringify(said)}: unknown operating system or architecture: invalid argument`);
  return first === 'linux' ? 'linux/amd64' : /^(windows|darwin|freebsd)$/.test(first) ? `${first}/amd64` : `linux/${first}`;
}

/** Refuses to make a container of a platform that cannot run here. Throws ImageError 'wrong-platform'. */
export function demandRunnablePlatform(said: string, image: string): void {
  const platform = normal(said, 'error parsing specified platform: ');
  if (!/^linux\/amd64(?:\/v[12])?$/.test(platform)) throw new ImageError('wrong-platform', `image with reference ${image} was found but does not provide the specified platform (${platform}); only linux/amd64 runs here`);
}

/** The platform that was asked for. Throws ImageError 'wrong-platform' for what is none. */
export function platformOf(parsed: Parsed): { os: string; architecture: string; variant?: string } | undefined {
  const said = parsed.string('platform');
  if (said === undefined || said === '') return undefined;
  const [os = '', architecture = '', variant = architecture === 'arm' ? 'v7' : undefined] = normal(said).split('/');
  return { os, architecture, ...(variant === undefined || variant === UNSAID_VARIANTS[architecture] ? {} : { variant }) };
}

/** Refuses a platform that images here cannot have. Throws ImageError 'wrong-platform'. */
export function demandOwnPlatform(parsed: Parsed, what: string): void {
  const said = parsed.string('platform');
  if (said === undefined || said === '' || normal(said) === 'linux/amd64' || normal(said) === 'linux/amd64/v1') return;
  throw new ImageError('wrong-platform', `${what} does not provide the specified platform (${normal(said)}); only linux/amd64 is kept here`);
}
