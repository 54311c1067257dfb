import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "./client";

/** Who is signed in; everything that the app shows depends on it. */
export function useMe() {
  return useQuery({ queryKey: ["me"], queryFn: ({ signal }) => unwrap(api.GET("/v1/me", { signal })), staleTime: 60_000 });
}

export async function signIn(key: string): Promise<void> {
  await unwrap(api.POST("/v1/session", { body: { key } }));
}

export async function signOut(): Promise<void> {
  await unwrap(api.DELETE("/v1/session"));
}
