/** A place in a configuration file. Lines and columns count from 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something wrong in a configuration. An error keeps the agent from starting; a warning does not. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** The component and key concerned, in words: `source r1`, `sink k1`, `agent a`. */
  readonly component: string;
  readonly message: string;
  /** What to do: mostly the nearest valid word. */
  readonly hint?: string;
  readonly at?: Location;
}

/** `file:line:column: error: source r1: message (hint)`, as compilers print it. */
export function renderProblem(problem: Problem): string {
  const place = problem.at === undefined ? '' : `${problem.at.file}:${problem.at.line}:${problem.at.column}: `;
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
  return `${place}${problem.severity}: ${problem.component}: ${problem.message}${hint}`;
}
