// Certificates for registries as docker finds them: certs.d/HOST[:PORT]/ with *.crt (authorities) and pairs of *.cert and *.key (ours).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

export interface Certificates { readonly ca?: string[]; readonly cert?: string; readonly key?: string }

const namesIn = (folder: string): string[] => { try { return readdirSync(folder); } catch { return []; } };
const readAll = (files: readonly string[]): string[] => files.map((file) => readFileSync(file, 'utf8'));

/** What the first of these folders that knows the host says; nothing when none does. Authorities come beside those that Node trusts. */
export function certificatesFor(host: string, folders: readonly string[], extra = process.env['NODE_EXTRA_CA_CERTS']): Certificates {
  for (const folder of folders.map((one) => join(one, host))) {
    const names = namesIn(folder);
    const [pair] = names.filter((name) => name.endsWith('.cert'));
    const own = names.filter((name) => name.endsWith('.crt')).map((name) => join(folder, name));
    if (own.length === 0 && pair === undefined) continue;
    const ca = own.length === 0 ? {} : { ca: [...rootCertificates, ...readAll(extra ? [extra] : []), ...readAll(own)] };
    return { ...ca, ...(pair === undefined ? {} : { cert: readFileSync(join(folder, pair), 'utf8'), key: readFileSync(join(folder, pair.replace(/cert$/, 'key')), 'utf8') }) };
  }
  return {};
}
