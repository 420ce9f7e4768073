/** What happens on the box, as it happens. Comes back by itself, and says so when it is away. */

const SILENCE_MS = 1600;
const RETRY_MS = 400;
const LONGEST_RETRY_MS = 2000;

class Live {
  constructor() {
    /** Whether the box answers. */
    this.online = false;
    this.listeners = new Map();
    this.socket = null;
    this.retry = RETRY_MS;
    this.watchdog = 0;
    this.stopped = true;
  }

  /**
   * Call `listen` for every push of this name; also "online" and "offline", which are our own.
   * @param {string} push
   * @param {(message: any) => void} listen
   * @returns {() => void} ends it
   */
  on(push, listen) {
    if (!this.listeners.has(push)) this.listeners.set(push, new Set());
    this.listeners.get(push).add(listen);
    return () => this.listeners.get(push).delete(listen);
  }

  /** How many listeners there are; screens that leave must leave none behind. */
  count() {
    let total = 0;
    for (const found of this.listeners.values()) total += found.size;
    return total;
  }

  start() {
    if (!this.stopped) return;
    this.stopped = false;
    this.told = false;
    this.connect();
  }

  stop() {
    this.stopped = true;
    this.online = false;
    clearTimeout(this.watchdog);
    const socket = this.socket;
    this.socket = null;
    if (socket) socket.close();
  }

  connect() {
    if (this.stopped) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/live`);
    this.socket = socket;
    this.await(socket);
    socket.onopen = () => this.await(socket);
    socket.onmessage = (event) => this.take(socket, event.data);
    socket.onclose = () => this.lost(socket);
  }

  take(socket, text) {
    if (socket !== this.socket) return;
    this.await(socket);
    if (!this.online) {
      this.online = true;
      this.retry = RETRY_MS;
      this.tell("online", {});
    }
    const message = JSON.parse(text);
    this.tell(message.push, message);
  }

  await(socket) {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => {
      socket.close();
      this.lost(socket);
    }, SILENCE_MS);
  }

  lost(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    clearTimeout(this.watchdog);
    if (this.online || !this.told) {
      this.told = true;
      this.online = false;
      this.tell("offline", {});
    }
    if (this.stopped) return;
    setTimeout(() => this.connect(), this.retry);
    this.retry = Math.min(this.retry * 1.5, LONGEST_RETRY_MS);
  }

  tell(push, message) {
    for (const listen of [...(this.listeners.get(push) || [])]) listen(message);
  }
}

export const live = new Live();
