// The studio's server behind a websocket. When it goes away the page goes on, and joins it again when it is back.

import type { News, Welcome, Wish } from "../wire";
import { parted } from "./frame";
import type { Host, HostNews } from "./host";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4000;

/** `greeting` is the first news, where the page was delivered with it. */
export function socketHost(location: Location, greeting: Welcome | null): Host {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const address = `${scheme}//${location.host}/live${location.search}`;
  let hear: (said: HostNews) => void = () => undefined;
  let socket: WebSocket | null = null;
  let wait_ms = FIRST_WAIT_MS;
  let over = false;
  let timer = 0;

  const join = (): void => {
    const joined = new WebSocket(address);
    joined.binaryType = "arraybuffer";
    socket = joined;
    joined.addEventListener("open", () => {
      wait_ms = FIRST_WAIT_MS;
      hear({ type: "up" });
    });
    joined.addEventListener("message", (event: MessageEvent<string | ArrayBuffer>) => {
      if (typeof event.data === "string") {
        hear({ type: "news", news: JSON.parse(event.data) as News, bytes: new Uint8Array() });
      } else {
        const { header, bytes } = parted(event.data);
        hear({ type: "news", news: header as News, bytes });
      }
    });
    joined.addEventListener("close", () => {
      if (socket === joined) socket = null;
      if (over) return;
      hear({ type: "down" });
      timer = window.setTimeout(join, wait_ms);
      wait_ms = Math.min(LONGEST_WAIT_MS, wait_ms * 2);
    });
  };

  return {
    kind: "studio",
    send(wish: Wish) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(wish));
    },
    listen(listener) {
      hear = listener;
      if (greeting) hear({ type: "news", news: greeting, bytes: new Uint8Array() });
      join();
    },
    close() {
      over = true;
      window.clearTimeout(timer);
      socket?.close();
    },
  };
}
