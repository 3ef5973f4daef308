// The tags of a repository, page by page (distribution-spec, "Listing tags").
import { bytesOfAnswer } from './bodies.ts';
import { RegistryError } from './errors.ts';
import { scopeOf } from './manifests.ts';
import type { Registry } from './registry.ts';

/** More pages than this no registry means. */
const PAGES = 10_000;

/** All tags in the registry's order. Throws RegistryError. */
export async function tagsOf(registry: Registry, repository: string): Promise<string[]> {
  const tags: string[] = [];
  let path: string | undefined = `${repository}/tags/list`;
  for (let page = 0; path !== undefined && page < PAGES; page++) {
    const answer = await registry.send({ method: 'GET', path, scope: scopeOf(repository, 'pull'), expect: [200] });
    tags.push(...listed(await bytesOfAnswer(answer)));
    path = await nextPage(registry, answer.header('link'));
  }
  return tags;
}

function listed(bytes: Uint8Array): string[] {
  let tags: unknown;
  try { tags = (JSON.parse(new TextDecoder().decode(bytes)) as { tags?: unknown }).tags ?? []; } catch { /* said below */ }
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) throw new RegistryError('bad-content', 'the registry\'s list of tags is none');
  return tags as string[];
}

/** `</v2/x/tags/list?n=50&last=a>; rel="next"`: where the list goes on. */
async function nextPage(registry: Registry, link: string | undefined): Promise<string | undefined> {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(link ?? '')?.[1];
  if (target === undefined || target.includes('://')) return target;
  const base = await registry.base();
  return target.startsWith('/') ? base.replace(/\/v2\/$/, target) : `${base}${target}`;
}
