SwaggerUIBundle({
  dom_id: '#ui',
  url: document.body.dataset.specification,
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null, // the validator's badge would send the specification to swagger.io
});
