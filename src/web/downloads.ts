// Files that leave the page: streamed to a place the user chooses where the browser can, else as a download.

type Picker = (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;

/** Asks where to write, and has `write` fill the file; without a way to ask, what `write` answers is downloaded. Nothing happens when the user thinks better of it. */
export async function download(name: string, write: (into: FileSystemFileHandle | null) => Promise<Blob | null>): Promise<void> {
  const picker = (window as { showSaveFilePicker?: Picker }).showSaveFilePicker;
  let into: FileSystemFileHandle | null = null;
  try {
    if (picker) into = await picker.call(window, { suggestedName: name });
  } catch (error) {
    if ((error as Error).name === 'AbortError') return;
    throw error;
  }
  const blob = await write(into);
  if (!blob) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
