// Which proxy a request goes through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY with the habits of Go's net/http, which docker uses.

type Env = Readonly<Record<string, string | undefined>>;

const isLoopback = (host: string): boolean => host === 'localhost' || /^127\./.test(host) || host === '[::1]' || host === '::1';
const either = (env: Env, name: string): string | undefined => env[name] || env[name.toLowerCase()] || undefined;

/** Whether a word of NO_PROXY means the host: `*`, a name with all names below it, an address, each with a port or without. */
function means(word: string, host: string, port: string): boolean {
  if (word === '*') return true;
  const [, name = '', wordPort] = /^(.*?)(?::(\d+))?$/.exec(word) ?? [];
  if (name === '' || (wordPort !== undefined && wordPort !== port)) return false;
  const bare = name.replace(/^\*?\./, '');
  return host.endsWith(`.${bare}`) || (host === bare && !/^\*?\./.test(name));
}

/** The proxy for a URL; undefined: it is asked directly. */
export function proxyFor(url: URL, env: Env): URL | undefined {
  const host = url.hostname.toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const proxy = either(env, url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === undefined || isLoopback(host)) return undefined;
  const words = (either(env, 'NO_PROXY') ?? '').split(',').map((word) => word.trim().toLowerCase()).filter((word) => word !== '');
  if (words.some((word) => means(word, host, port))) return undefined;
  return new URL(/^[a-z]+:\/\//.test(proxy) ? proxy : `http://${proxy}`);
}
