Scalar.createApiReference('#ui', {
  url: document.body.dataset.specification,
  hideClientButton: true, // opens client.scalar.com
  proxyUrl: '',
  withDefaultFonts: false, // they lie on fonts.scalar.com
});
