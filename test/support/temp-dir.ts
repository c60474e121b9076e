import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set<string>();

process.on('exit', () => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

/** Makes an empty folder below the system's own; it is removed when the process exits, or earlier by `removeTempDir`. */
export function makeTempDir(prefix = 'sluice-test-'): string {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), prefix));
  made.add(dir);
  return dir;
}

/** Removes a folder made by `makeTempDir`, with everything in it. */
export function removeTempDir(dir: string): void {
  made.delete(dir);
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * For a `describe` block: a fresh folder for each test, removed after it. The returned function gives its path and is
 * to be called inside hooks and tests.
 */
export function useTempDir(prefix?: string): () => string {
  let dir = '';
  beforeEach(() => {
    dir = makeTempDir(prefix);
  });
  afterEach(() => {
    removeTempDir(dir);
  });
  return () => dir;
}
