// Counts changes that may lead a known path elsewhere: what the path cache remembers holds while the count stays.

/** Raised by whatever removes or replaces a name of a directory or a symbolic link, changes mode or owner of a directory, or changes mounts. New names under free ones lead no known path elsewhere. */
export const treeVersion = { count: 0 };

export function treeChanged(): void { treeVersion.count++; }
