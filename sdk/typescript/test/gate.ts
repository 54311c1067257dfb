/** Where the running platform is; the tests of `tests/sdk/test_typescript.py` say so. */

export const url = process.env["PENSTOCK_URL"] ?? "http://127.0.0.1:8080";
export const T0 = Date.UTC(2026, 0, 31, 12);

/** The first true value of `condition`, polled; throws after ten seconds. */
export async function until<T>(condition: () => Promise<T | false | undefined>, what: string): Promise<T> {
  const end = Date.now() + 10_000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
