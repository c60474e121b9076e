import type { FileStatus } from '../component/file-system.ts';
import type { RegisteredFile } from './file-register.ts';

/** What is known of a file that is looked for. */
export type SoughtFile = Pick<RegisteredFile, 'path' | 'target' | 'id' | 'state' | 'length'>;

/** Where a file is: under its name in use, under its final one, or under neither. */
export type Place = 'in use' | 'finished' | 'gone';

/**
 * Finds a file again that may have been renamed or removed, and whose names others may have taken. The file systems' own numbers of files
 * decide where both names are there; alone they do not, since some change with the next mount.
 */
export async function whereIs(
  file: SoughtFile,
  look: (path: string) => Promise<FileStatus | undefined>,
): Promise<Place> {
  const inUse = await look(file.path);
  if (isSame(file, inUse)) return 'in use';
  const final = file.target === file.path ? undefined : await look(file.target);
  if (isSame(file, final)) return 'finished';
  const mayBeFinished = final !== undefined && !final.directory && final.length >= file.length;
  if (inUse === undefined) return mayBeFinished ? 'finished' : 'gone';
  if (inUse.directory || inUse.length < file.length) return mayBeFinished ? 'finished' : 'gone';
  const looksFinished = file.state === 'ending' && final?.length === file.length && inUse.length !== file.length;
  return looksFinished ? 'finished' : 'in use';
}

function isSame(file: SoughtFile, status: FileStatus | undefined): boolean {
  return file.id !== undefined && status?.id === file.id && !status.directory;
}
