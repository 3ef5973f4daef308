// Patterns of names by Go's path.Match: `*` and `?` do not cross a slash, `[a-z]` and `[^a]` are classes, a backslash quotes.

/** Compiles a pattern; undefined when it is malformed. */
export function pathPattern(pattern: string): RegExp | undefined {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const c = pattern[at]!;
    if (c === '*') source += '[^/]*';
    else if (c === '?') source += '[^/]';
    else if (c === '[') {
      const found = /^\[(\^?)((?:[^\]\\-]|\\.)(?:-(?:[^\]\\-]|\\.))?(?:(?:[^\]\\-]|\\.)(?:-(?:[^\]\\-]|\\.))?)*)\]/su.exec(pattern.slice(at));
      if (!found) return undefined;
      source += `[${found[1]}${found[2]!.replaceAll('[', '\\[').replaceAll('^', '\\^')}]`;
      at += found[0].length - 1;
    } else if (c === '\\') {
      at++;
      if (at === pattern.length) return undefined;
      source += quoted(pattern[at]!);
    } else source += quoted(c);
  }
  try { return new RegExp(`^${source}$`, 's'); } catch { return undefined; }
}

const quoted = (c: string): string => (/[\w\s]/.test(c) ? c : `\\${c}`);
