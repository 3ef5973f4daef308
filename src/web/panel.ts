// The page's panel: images, containers and storage, each with what can be done with it.
import { eraseBrowserStore } from '../host/browser/opfs.ts';
import type { Client, Progress, WorkerError } from './client.ts';
import { download } from './downloads.ts';
import type { ContainerRow, Credentials, ImageRow, PullAnswer } from './protocol.ts';
import type { Session } from './session.ts';

type Action = readonly [label: string, title: string, act: () => void | Promise<void>];

const units = ['B', 'kB', 'MB', 'GB', 'TB'];
/** As Docker shows sizes: powers of 1000, three digits. */
export function humanSize(bytes: number): string {
  let unit = 0;
  for (; bytes >= 999.5 && unit < units.length - 1; unit++) bytes /= 1000;
  return `${Number(bytes.toPrecision(3))} ${units[unit]}`;
}

const shortId = (id: string): string => id.replace('sha256:', '').slice(0, 12);
const fileName = (name: string): string => `${name.replace(/[^\w.-]+/g, '_')}.tar`;

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** One line of a list: a title, what is known beside it, and buttons. */
function row(title: string, details: string, actions: readonly Action[], run: (act: Action[2]) => void): HTMLLIElement {
  const item = document.createElement('li');
  const name = Object.assign(document.createElement('b'), { textContent: title, title });
  const small = Object.assign(document.createElement('small'), { textContent: details, title: details });
  const buttons = actions.map(([textContent, label, act]) => Object.assign(document.createElement('button'), { textContent, title: label, onclick: () => run(act) }));
  const menu = document.createElement('span');
  menu.append(...buttons);
  item.append(name, small, menu);
  return item;
}

export class Panel {
  readonly #client: Client;
  readonly #session: Session;
  readonly #images = element<HTMLUListElement>('images');
  readonly #containers = element<HTMLUListElement>('containers');
  readonly #storage = element<HTMLParagraphElement>('storage');
  readonly #notice = element<HTMLParagraphElement>('notice');
  readonly #changes = element<HTMLPreElement>('changes');
  readonly #progress = element<HTMLProgressElement>('progress');
  readonly #file = element<HTMLInputElement>('file');

  constructor(client: Client, session: Session) {
    this.#client = client;
    this.#session = session;
    element<HTMLButtonElement>('load').onclick = () => this.#file.click();
    this.#file.onchange = () => {
      for (const file of this.#file.files ?? []) this.#do(() => this.load(file));
      this.#file.value = '';
    };
    const name = element<HTMLInputElement>('name');
    element<HTMLFormElement>('pull').onsubmit = (event) => {
      event.preventDefault();
      this.#do(() => this.pull(name.value.trim()));
    };
    document.addEventListener('dragover', (event) => event.preventDefault());
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      for (const file of event.dataTransfer?.files ?? []) this.#do(() => this.load(file));
    });
  }

  /** Does what a button says; an error is shown. */
  #do(act: Action[2]): void {
    this.#notice.textContent = '';
    Promise.resolve().then(act).catch((error: unknown) => this.#tell(error)).finally(() => this.refresh());
  }

  #tell(error: unknown): void { this.#notice.textContent = (error as Error).message; }

  /** Shows progress under way, named `label`. */
  async #working<T>(label: string, work: (progress: Progress) => Promise<T>): Promise<T> {
    this.#progress.hidden = false;
    this.#progress.removeAttribute('value');
    this.#notice.textContent = label;
    try {
      const result = await work((bytes, total) => {
        if (total > 0) this.#progress.value = bytes / total;
        this.#notice.textContent = `${label}: ${humanSize(bytes)}${total > 0 ? ` of ${humanSize(total)}` : ''}`;
      });
      this.#notice.textContent = '';
      return result;
    } finally { this.#progress.hidden = true; }
  }

  async load(file: File): Promise<void> {
    await navigator.storage?.persist?.();
    const names = await this.#working(`Loading ${file.name}`, (progress) => this.#client.call('load', { archive: file, name: file.name }, progress));
    this.#notice.textContent = `Loaded ${names.join(', ')}`;
  }

  /** Fetches an image from its registry; asks who asks when the registry does. */
  async pull(image: string): Promise<void> {
    await navigator.storage?.persist?.();
    const attempt = (credentials: Credentials | null): Promise<PullAnswer> => this.#working(`Pulling ${image}`, (progress) => this.#client.call('pull', { image, platform: null, credentials }, progress));
    let pulled: PullAnswer;
    try { pulled = await attempt(null); } catch (error) {
      const credentials = (error as WorkerError).code === 'unauthorized' ? this.#askWho() : undefined;
      if (!credentials) throw error;
      pulled = await attempt(credentials);
    }
    this.#notice.textContent = pulled.isNew ? `Pulled ${image}` : `${image} is up to date`;
  }

  #askWho(): Credentials | undefined {
    const username = window.prompt('The registry asks who you are. User name:');
    const password = username ? window.prompt(`Password or token of ${username} (it is not kept):`) : null;
    return username && password ? { username, password } : undefined;
  }

  /** Shows what there is now. */
  async refresh(): Promise<void> {
    try { await this.#show(); } catch (error) { this.#tell(error); }
  }

  async #show(): Promise<void> {
    const [images, containers, state] = await Promise.all([this.#client.call('images', {}), this.#client.call('containers', {}), this.#client.call('store', {})]);
    const act = (action: Action[2]): void => this.#do(action);
    this.#images.replaceChildren(...images.map((image) => this.#imageRow(image, act)));
    this.#containers.replaceChildren(...containers.map((container) => this.#containerRow(container, act)));
    const { usage = 0, quota = 0 } = await navigator.storage?.estimate?.() ?? {};
    const erase: Action = ['Delete all', 'Delete all images and containers that this browser keeps for this page', () => this.#erase()];
    const button = Object.assign(document.createElement('button'), { textContent: erase[0], title: erase[1], onclick: () => act(erase[2]) });
    this.#storage.replaceChildren(state.kept ? `${humanSize(usage)} used of ${humanSize(quota)} ` : `In memory only, gone with this tab: ${state.why}. `, button);
  }

  #imageRow({ id, names, sizeBytes, command }: ImageRow, act: (action: Action[2]) => void): HTMLLIElement {
    const name = names[0] ?? shortId(id);
    return row(names.join(', ') || `<none> ${shortId(id)}`, humanSize(sizeBytes), [
      ['Run', `Run ${command.join(' ') || 'sh'} in a new container`, () => this.#session.wish({ image: name, argv: command.length > 0 ? [] : ['sh'] })],
      ['Save', 'Save the image as an archive', () => download(fileName(name), (into) => this.#working(`Saving ${name}`, (progress) => this.#client.call('save', { images: [name], into }, progress)))],
      ['✕', 'Remove the image', async () => { await this.#client.call('remove', { image: name, force: false }); }],
    ], act);
  }

  #containerRow({ id, name, image, command, status, exitCode }: ContainerRow, act: (action: Action[2]) => void): HTMLLIElement {
    const running: Action[] = [['Kill', 'Send SIGKILL to its first process', () => this.#session.kill()]];
    const stopped: Action[] = [['Start', 'Run it again', () => this.#session.wish({ container: name })], ['✕', 'Remove the container and its files', async () => { await this.#client.call('removeContainer', { container: id }); }]];
    return row(name, `${image} · ${command.join(' ')} · ${status === 'exited' ? `exit code ${exitCode}` : status}`, [
      ['Changes', 'Files that differ from the image', async () => { this.#changes.textContent = (await this.#client.call('diff', { container: id })).join('\n') || 'no changes'; }],
      ['Commit', 'Make an image of it', () => this.#commit(id)],
      ['Export', 'Its whole file system as a tar', () => download(fileName(name), (into) => this.#working(`Exporting ${name}`, (progress) => this.#client.call('export', { container: id, into }, progress)))],
      ...(status === 'running' ? running : stopped),
    ], act);
  }

  async #commit(container: string): Promise<void> {
    const name = window.prompt('Name of the new image, as name or name:tag');
    if (name === null) return;
    const id = await this.#working('Committing', () => this.#client.call('commit', { container, name: name.trim() }));
    this.#notice.textContent = `Made ${shortId(id)}`;
  }

  async #erase(): Promise<void> {
    if (!window.confirm('Delete all images and containers that this browser keeps for this page?')) return;
    this.#client.end();
    try { await eraseBrowserStore(); } catch (error) { window.alert(`Nothing was deleted: ${(error as Error).message}`); }
    location.reload();
  }
}
