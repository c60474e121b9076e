/** How long to wait after so many failures in a row, in milliseconds: 1 s more each time, 5 s at the most, as Flume's runners do. */
export function backOff(failures: number): number {
  return Math.min(failures * 1000, 5000);
}
