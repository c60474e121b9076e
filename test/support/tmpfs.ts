import { execFileSync } from 'node:child_process';

/** Runs `body` with a small file system in memory mounted on an existing folder; needs root, as CI has it. */
export async function withTmpfs(folder: string, size: string, body: (folder: string) => Promise<void>): Promise<void> {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'sluice-test', folder]);
  try {
    await body(folder);
  } finally {
    execFileSync('umount', ['-l', folder]);
  }
}
