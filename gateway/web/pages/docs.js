// Shows the document that the page names, and pre-sets the dialog that fetches a token with all its scopes.
"use strict";

const place = document.getElementById("document");

function scopesOf(spec) {
  const schemes = Object.values((spec.components || {}).securitySchemes || {});
  return schemes.flatMap((scheme) => Object.keys(((scheme.flows || {}).clientCredentials || {}).scopes || {}));
}

// Takes the document as it was read: written out as text and read again as YAML it would take twice as long to open.
function asRead(spec) {
  const parse = (original, system) => () => { system.specActions.updateJsonSpec(spec); };
  return () => ({ statePlugins: { spec: { wrapActions: { parseToJson: parse } } } });
}

// Shows descriptions as the plain text that they are: to read and to clean each as Markdown takes long for hundreds.
function asPlain(system) {
  const plain = (props) => system.React.createElement("div", { className: props.className }, props.source);
  return { components: { Markdown: plain } };
}

function show(spec) {
  const ui = SwaggerUIBundle({
    spec: { openapi: spec.openapi },
    domNode: place,
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    defaultModelsExpandDepth: -1,
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [asRead(spec), asPlain],
  });
  ui.initOAuth({ scopes: scopesOf(spec) });
}

fetch(place.dataset.address)
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
  .then(show)
  .catch(() => { place.textContent = "The document cannot be loaded now."; });
