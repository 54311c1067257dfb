/** How far apart values usually are, ms: the median distance of ascending times. Undefined for fewer than three. */
export function usualStep(times: ArrayLike<number>): number | undefined {
  if (times.length < 3) return undefined;
  const steps = Float64Array.from({ length: times.length - 1 }, (_, i) => times[i + 1]! - times[i]!).sort();
  return steps[steps.length >> 1];
}
