import type { paths } from "@schema";
import createClient from "openapi-fetch";
import { Problem } from "./problem";

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new Problem(0, { detail: error instanceof Error ? error.message : String(error) });
  }
}

/** Every call of the app goes through this client, so all of them are calls that anybody could make. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: reach });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of a call; throws `Problem` when there is none. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  throw new Problem(response.status, typeof error === "object" && error ? (error as Record<string, unknown>) : { detail: String(error) }, response.headers);
}

/** What `GET` of a path answers as JSON, where it can be asked for in other shapes as well. */
export type JsonOf<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;
