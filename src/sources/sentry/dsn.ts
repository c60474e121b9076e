import type { LocalHost } from '../../component/context.ts';
import type { Projects } from './projects.ts';

/** A key that every SDK and Relay takes for one. */
const ANY_KEY = '0123456789abcdef0123456789abcdef';

/**
 * Lines that say which DSN an application needs. Keys stand in no log: where there are any, a placeholder says where the key goes; without `projects` the line
 * can be pasted as it is.
 */
export function pasteableDsns(projects: Projects, bind: string, port: number, tls: boolean, host: LocalHost): string[] {
  const at = `${hostOf(bind, host)}:${port}`;
  const scheme = tls ? 'https' : 'http';
  if (projects.open) return [`DSN: ${scheme}://${ANY_KEY}@${at}/1 (any key and any number of a project will do)`];
  return projects.numbers.map((project) => `DSN of project ${project}: ${scheme}://<its key>@${at}/${project}`);
}

function hostOf(bind: string, host: LocalHost): string {
  if (bind === '0.0.0.0' || bind === '::') return host.name;
  return bind.includes(':') ? `[${bind}]` : bind;
}
