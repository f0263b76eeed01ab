Redoc.init(document.body.dataset.specification, { scrollYOffset: '#pages' }, document.getElementById('ui'));
