// Draws the API's description. Text goes in as text, never as markup.
"use strict";

const METHODS = ["get", "put", "post", "delete"];
const MAX_DEPTH = 6;

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  Object.entries(attributes || {}).forEach(([key, value]) => node.setAttribute(key, value));
  children.flat().filter((child) => child != null).forEach((child) => node.append(child));
  return node;
}

function follow(spec, thing) {
  if (!thing || !thing.$ref) return thing;
  return thing.$ref.slice(2).split("/").reduce((at, key) => at && at[key], spec);
}

// A schema as a sketch of the JSON it means.
function sketch(spec, schema, depth = 0) {
  const found = follow(spec, schema) || {};
  if (depth > MAX_DEPTH) return "…";
  if (found.example !== undefined) return found.example;
  if (found.allOf) return Object.assign({}, ...found.allOf.map((part) => sketch(spec, part, depth + 1)));
  const choice = found.oneOf || found.anyOf;
  if (choice) return sketch(spec, choice.find((part) => part.type !== "null") || choice[0], depth + 1);
  if (found.enum) return found.enum.join(" | ");
  const kind = [].concat(found.type || "any").filter((name) => name !== "null")[0];
  if (kind === "array") return [sketch(spec, found.items, depth + 1)];
  if (found.properties) {
    const entries = Object.entries(found.properties);
    return Object.fromEntries(entries.map(([key, value]) => [key, sketch(spec, value, depth + 1)]));
  }
  return found.format ? `${kind} (${found.format})` : kind;
}

function contents(spec, content) {
  return Object.entries(content || {}).map(([kind, body]) => {
    const shown = body.schema ? JSON.stringify(sketch(spec, body.schema), null, 2) : "";
    return element("div", {}, element("p", { class: "soft" }, kind), shown ? element("pre", {}, shown) : null);
  });
}

function parameters(spec, list) {
  if (!list || !list.length) return null;
  const rows = list.map((parameter) => {
    const kind = sketch(spec, parameter.schema);
    return element("tr", {},
      element("td", {}, element("code", {}, parameter.name), parameter.required ? " *" : ""),
      element("td", {}, parameter.in),
      element("td", {}, typeof kind === "string" ? kind : JSON.stringify(kind)),
      element("td", {}, parameter.description || ""));
  });
  const head = ["Parameter", "In", "Type", ""].map((text) => element("th", {}, text));
  return element("table", {}, element("tr", {}, head), rows);
}

function curl(path, method, operation) {
  const body = Object.keys((operation.requestBody || {}).content || {})[0];
  const parts = ["curl"];
  if (method !== "get") parts.push("-X", method.toUpperCase());
  if (operation.security) parts.push("-H 'authorization: Bearer att_…'");
  if (body) parts.push(`-H 'content-type: ${body}'`, "--data-binary @FILE");
  parts.push(`${location.origin}${path}`);
  return parts.join(" ");
}

function operation(spec, path, method, found) {
  const responses = Object.entries(found.responses).map(([status, response]) => {
    const whole = follow(spec, response);
    const body = status < "400" ? contents(spec, whole.content) : null;
    return element("div", {}, element("p", {}, element("b", {}, status), " ", whole.description || ""), body);
  });
  const summary = element("summary", {},
    element("b", {}, method.toUpperCase()), element("code", {}, path), " ",
    element("span", {}, found.summary || ""));
  const role = found["x-role"] ? `Needs the role \`${found["x-role"]}\`.` : "Open to everybody.";
  return element("details", { class: "operation", id: found.operationId }, summary,
    found.description ? element("p", {}, found.description) : null,
    element("p", { class: "soft" }, role),
    parameters(spec, found.parameters),
    found.requestBody ? [element("h4", {}, "Body"), contents(spec, found.requestBody.content)] : null,
    element("h4", {}, "Answers"), responses,
    element("pre", {}, curl(path, method, found)));
}

function draw(spec) {
  document.getElementById("about").textContent = `${spec.info.version} · ${spec.info.description}`;
  const groups = new Map();
  Object.entries(spec.paths).forEach(([path, item]) => {
    METHODS.filter((method) => item[method]).forEach((method) => {
      const tag = (item[method].tags || ["other"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(spec, path, method, item[method]));
    });
  });
  const sections = [...groups].map(([tag, list]) => element("section", {}, element("h2", {}, tag), list));
  document.getElementById("operations").replaceChildren(...sections);
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target) { target.open = true; target.scrollIntoView(); }
}

function find(event) {
  const words = event.target.value.toLowerCase();
  document.querySelectorAll("details.operation").forEach((node) => {
    node.hidden = !node.textContent.toLowerCase().includes(words);
  });
  document.querySelectorAll("section").forEach((node) => {
    node.hidden = !node.querySelector("details:not([hidden])");
  });
}

fetch("/api/v1/openapi.json")
  .then((answer) => answer.json())
  .then(draw)
  .catch((error) => { document.getElementById("operations").textContent = `The description could not be read: ${error}`; });
document.getElementById("find").addEventListener("input", find);
