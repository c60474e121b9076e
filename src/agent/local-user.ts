import { homedir, userInfo } from 'node:os';

/** The name of the user for Hadoop; a number where the user has no name (a container with a user of its own). */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'nobody');
  }
}

/** The user's home folder; the root where there is none (a service with a user made for it). */
export function homeDir(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
