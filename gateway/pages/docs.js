// Shows the document that the page names, and pre-sets the dialog that fetches a token with all its scopes.
"use strict";

const place = document.getElementById("document");

function scopesOf(spec) {
  const schemes = Object.values((spec.components || {}).securitySchemes || {});
  return schemes.flatMap((scheme) => Object.keys(((scheme.flows || {}).clientCredentials || {}).scopes || {}));
}

function show(spec) {
  const ui = SwaggerUIBundle({
    spec: spec,
    domNode: place,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
  });
  ui.initOAuth({ scopes: scopesOf(spec) });
}

fetch(place.dataset.address)
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
  .then(show)
  .catch(() => { place.textContent = "The document cannot be loaded now."; });
