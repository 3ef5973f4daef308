// What a server asks for in WWW-Authenticate (RFC 9110, 11.6.1): schemes with their parameters.

export interface Challenge { readonly scheme: 'basic' | 'bearer'; readonly parameters: Readonly<Record<string, string>> }

const pair = /\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$|(?=\s))/y;
const word = /[\s,]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?=\s|,|$)/y;

/** The challenges of a header that may hold several; schemes that are not known are left out. */
export function parseChallenges(header: string): Challenge[] {
  const found: Challenge[] = [];
  for (let at = 0; at < header.length;) {
    word.lastIndex = at;
    const scheme = word.exec(header)?.[1]?.toLowerCase();
    if (scheme === undefined) break;
    at = word.lastIndex;
    const parameters: Record<string, string> = {};
    for (;;) {
      pair.lastIndex = at;
      const match = pair.exec(header);
      if (!match) break;
      parameters[match[1]!.toLowerCase()] = match[2]?.replace(/\\(.)/g, '$1') ?? match[3]!;
      at = pair.lastIndex;
    }
    if (scheme === 'basic' || scheme === 'bearer') found.push({ scheme, parameters });
  }
  return found;
}
