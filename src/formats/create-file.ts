import { faultPoint } from '../component/fault-point.ts';
import type { FileSystem, OutputFile } from '../component/file-system.ts';
import { SluiceError } from '../errors.ts';
import type { FileNames, FileRegister, RegisteredFile } from './file-register.ts';

/** How many names that are taken already are passed over before the file is given up. */
const MAX_NAMES = 1000;

/** Failures of `create` that leave nothing behind; after any other one there may be an empty file. */
const NOTHING_MADE: ReadonlySet<string> = new Set([
  'FILE_EXISTS',
  'FILE_NOT_FOUND',
  'PERMISSION_DENIED',
  'CONNECTION_FAILED',
  'FILE_SYSTEM_BUSY',
  'CONFIG_INVALID',
]);

export interface CreationParts {
  readonly fileSystem: Pick<FileSystem, 'url' | 'create' | 'stat'>;
  readonly register: FileRegister;
  /** The next names to try; called again while there is such a file already. */
  readonly nextNames: () => FileNames;
  /** Resolves when a checkpoint knows what the register does. */
  readonly committed: () => Promise<void>;
  /** Whether nobody wants the file any more. */
  readonly isGivenUp: () => boolean;
  /** Told of the file when it is there, and without it when it may be there. */
  readonly onThere: (entry: RegisteredFile, file?: OutputFile) => void;
}

/**
 * Makes a file under the first name that is free. Its name is in a checkpoint before it is made, and that it was made is in one when this
 * resolves: so after a crash what is empty under the first kind of name, and anything under the second, is our own.
 */
export async function createFile(parts: CreationParts): Promise<void> {
  for (let tries = 1; !(await tryCreate(parts, tries === MAX_NAMES)) && !parts.isGivenUp(); tries++);
}

/** @param isLast a name that is taken is an error @returns false when the name is taken */
async function tryCreate(parts: CreationParts, isLast: boolean): Promise<boolean> {
  const { fileSystem, register, nextNames, committed, isGivenUp, onThere } = parts;
  const names = nextNames();
  const path = names.inUse;
  const isFree = !register.holds(fileSystem.url, path) && (await fileSystem.stat(path)) === undefined;
  // While this looked, another bucket of the sink may have taken it.
  if (!isFree || register.holds(fileSystem.url, path)) {
    if (isLast) throw new SluiceError('FILE_EXISTS', path);
    return false;
  }
  const entry = register.add(fileSystem.url, names);
  let isAsked = false;
  try {
    await committed();
    if (isGivenUp()) {
      entry.forget();
      return false;
    }
    isAsked = true;
    const file = await fileSystem.create(path);
    faultPoint('after-create');
    entry.made();
    onThere(entry, file);
  } catch (error) {
    const code = error instanceof SluiceError ? error.code : undefined;
    // Else nobody knows whether it was made: the conclusion has to look.
    if (!isAsked || (code !== undefined && NOTHING_MADE.has(code))) entry.forget();
    else onThere(entry);
    if (code === 'FILE_EXISTS' && !isLast) return false;
    throw error;
  }
  entry.made((await fileSystem.stat(path).catch(() => undefined))?.id);
  await committed();
  return true;
}
