$('form').ajaxForm();
