{
  const options = {
    'spec-url': document.body.dataset.specification,
    'allow-spec-file-load': 'false',
    'allow-spec-url-load': 'false',
    'load-fonts': 'false', // they lie on fonts.gstatic.com
    'render-style': 'focused',
    'schema-description-expanded': 'true',
    'show-components': 'true',
    'show-header': 'false',
    theme: 'light',
  };
  const element = document.createElement('rapi-doc');
  Object.entries(options).forEach(([name, value]) => element.setAttribute(name, value));
  document.getElementById('ui').append(element);
}
