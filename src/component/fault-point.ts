/**
 * Named places at which a test lets the process die, to see what a crash there leaves. Unarmed it costs a comparison.
 *
 * Tests choose a place with the environment variable `SLUICE_FAULT=name`, or `SLUICE_FAULT=name:3` for the third time that it is passed.
 */
let armed: { readonly name: string; left: number; readonly die: () => void } | undefined;

/**
 * Arms one place. Only the main program calls this, and tests.
 * @param spec the place's name, or `name:times`; without one, nothing is armed
 */
export function armFault(spec: string | undefined, die: () => void): void {
  const [name, times] = spec?.split(':') ?? [];
  armed = name === undefined || name === '' ? undefined : { name, left: Number(times ?? 1), die };
}

/** Dies here, if this place is armed. */
export function faultPoint(name: string): void {
  if (armed === undefined || armed.name !== name) return;
  if (--armed.left <= 0) armed.die();
}
