const REFRESH_MS = 2000;

const tables = {
  worklist: [
    ["Time", (row) => row.start_time.slice(0, 4)],
    ["Patient", (row) => row.patient_name.split("=")[0]],
    ["Born", (row) => row.birth_date],
    ["ID", (row) => row.patient_id],
    ["Modality", (row) => row.modality],
    ["Procedure", (row) => row.scheduled_procedure_step_description, "wide"],
    ["State", (row) => row.state],
  ],
  exams: [
    ["Exam", (row) => row.exam],
    ["State", (row) => row.state],
    ["Patient", (row) => row.patient_name.split("=")[0]],
    ["ID", (row) => row.patient_id],
    ["Acquired", (row) => row.acquired],
    ["Stored", (row) => row.stored],
    ["Committed", (row) => row.committed],
  ],
  owed: [
    ["Delivery", (row) => row.id],
    ["What", (row) => row.kind],
    ["To", (row) => row.peer],
    ["Exam", (row) => row.exam],
    ["State", (row) => row.state],
    ["Last answer and what to do", (row) => `${row.last_text} ${row.advice}`.trim(), "wide"],
  ],
  peers: [
    ["Peer", (row) => row.name],
    ["Owed", (row) => row.owed],
    ["Last contact", (row) => (row.last_contact ? new Date(row.last_contact * 1000).toLocaleString() : "never")],
    ["Fault", (row) => row.fault, "wide"],
  ],
};

function cell(kind, text, style) {
  const element = document.createElement(kind);
  element.textContent = text;
  if (style) element.className = style;
  return element;
}

function fill(id, rows) {
  const head = document.createElement("tr");
  head.append(...tables[id].map(([title]) => cell("th", title)));
  const body = rows.map((row) => {
    const line = document.createElement("tr");
    line.append(...tables[id].map(([, value, style]) => cell("td", value(row), style)));
    return line;
  });
  document.getElementById(id).replaceChildren(head, ...body);
}

async function refresh() {
  const health = document.getElementById("health");
  try {
    const response = await fetch("/api/overview");
    if (!response.ok) throw new Error(`the box answered ${response.status}`);
    const overview = await response.json();
    for (const id of Object.keys(tables)) fill(id, overview[id]);
    document.getElementById("freshness").textContent = overview.freshness.join(" · ");
    const full = overview.health.accepts_exams ? "" : " — too full for another exam";
    health.textContent = `Version ${overview.health.software_version}, card ${overview.health.disk_percent} % full${full}`;
  } catch (error) {
    health.textContent = `The console does not answer (${error.message}). Images and deliveries go on without it.`;
  }
  setTimeout(refresh, REFRESH_MS);
}

refresh();
