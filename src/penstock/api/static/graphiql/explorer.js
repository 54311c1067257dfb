// Starts GraphiQL on /graphql of this server: queries over fetch, subscriptions over graphql-transport-ws.
// Whoever is signed in needs nothing else; a key goes into the headers editor as {"Authorization": "Bearer pk_…"}.
"use strict";

const WELCOME = `# The GraphQL explorer of Penstock. Ctrl-Enter runs the query.
# Signed out? Put {"Authorization": "Bearer <key>"} into Headers below.
{
  tenant {
    sites {
      name
      rooms {
        building
        name
        points(first: 20) {
          nodes {
            metric
            latest { ts value unit }
          }
        }
      }
    }
  }
}
`;

const isSubscription = (document, name) =>
  (document?.definitions ?? []).some(
    (part) =>
      part.kind === "OperationDefinition" &&
      part.operation === "subscription" &&
      (!name || part.name?.value === name),
  );

const query = async (params, headers) => {
  const answer = await fetch("/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body: JSON.stringify(params),
  });
  return answer.json();
};

// An observable of one subscription, on a connection of its own.
const subscription = (params, headers) => ({
  subscribe(observer) {
    const socket = new WebSocket(location.href.replace(/^http/, "ws").replace(/\/graphiql.*$/, "/graphql"), "graphql-transport-ws");
    const key = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === "authorization");
    const send = (message) => socket.send(JSON.stringify(message));
    let ended = false;
    socket.onopen = () => send({ type: "connection_init", payload: key ? { authorization: key[1] } : {} });
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "connection_ack") send({ type: "subscribe", id: "1", payload: params });
      else if (message.type === "ping") send({ type: "pong" });
      else if (message.type === "next") observer.next(message.payload);
      else if (message.type === "error") observer.next({ errors: message.payload });
      else if (message.type === "complete") socket.close(1000);
    };
    socket.onclose = ({ code, reason }) => {
      if (ended) return;
      ended = true;
      if (code === 1000) observer.complete();
      else observer.error(new Error(`the connection ended: ${reason || code}`));
    };
    return {
      unsubscribe() {
        ended = true;
        socket.close(1000);
      },
    };
  },
});

const fetcher = (params, options) =>
  isSubscription(options?.documentAST, params.operationName)
    ? subscription(params, options?.headers)
    : query(params, options?.headers);

ReactDOM.createRoot(document.getElementById("explorer")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: WELCOME,
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: false,
  }),
);
